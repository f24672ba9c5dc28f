package dev.sparsellm.chess;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Matrices of random weights of every type, of about unit gain. */
final class RandomWeights {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SplittableRandom random;

    RandomWeights(long seed) {
        random = new SplittableRandom(seed);
    }

    Tensor tensor(String name, TensorType type, int rows, int columns) {
        byte[] bytes = new byte[Math.toIntExact(rows * type.rowBytes(columns))];
        random.nextBytes(bytes);
        MemorySegment data = MemorySegment.ofArray(bytes);
        double deviation = 1.5 / Math.sqrt(columns);
        for (long at = 0; at < bytes.length; at += type.blockBytes()) {
            switch (type) {
                case F32 -> data.set(FLOAT, at, (float) random.nextGaussian(0, deviation));
                case F16 -> data.set(SHORT, at, Float.floatToFloat16((float) random.nextGaussian(0, deviation)));
                case BF16 -> data.set(SHORT, at, (short)
                        (Float.floatToRawIntBits((float) random.nextGaussian(0, deviation)) >>> 16));
                case Q8_0 -> setScale(data, at, deviation / 74);
                case Q4_0 -> setScale(data, at, deviation / 4.6);
                case Q5_0 -> setScale(data, at, deviation / 9.2);
                case Q4_1, Q5_1 -> {
                    double range = type == TensorType.Q4_1 ? 15 : 31;
                    setScale(data, at, deviation * 3.46 / range);
                    setScale(data, at + 2, -deviation * 1.73);
                }
                case Q4_K, Q5_K -> {
                    double range = type == TensorType.Q4_K ? 15 : 31;
                    setScale(data, at, deviation * 3.46 / range / 32);
                    setScale(data, at + 2, deviation * 1.73 / 32);
                }
                case Q2_K -> {
                    setScale(data, at + 80, deviation * 1.15 / 8);
                    setScale(data, at + 82, deviation * 1.73 / 8);
                }
                case Q3_K -> setScale(data, at + 108, deviation / 2.3 / 18);
                case Q6_K -> setScale(data, at + 208, deviation / 18.5 / 74);
                default -> throw new IllegalArgumentException(type.toString());
            }
        }
        return new Tensor(name, type, rows, columns, data);
    }

    private void setScale(MemorySegment data, long at, double scale) {
        data.set(SHORT, at, Float.floatToFloat16((float) (scale * random.nextDouble(0.7, 1.4))));
    }

    float[] gaussian(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
