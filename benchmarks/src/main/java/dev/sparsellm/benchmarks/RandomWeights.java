package dev.sparsellm.benchmarks;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Weights as trained networks have them: around zero, deviation 0.02. */
final class RandomWeights {

    private static final double DEVIATION = 0.02;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private RandomWeights() {}

    /** Fills {@code data} with whole blocks: any codes, and scales that are moderate numbers. */
    static void fill(TensorType type, MemorySegment data, SplittableRandom random) {
        byte[] block = new byte[type.blockBytes()];
        for (long at = 0; at < data.byteSize(); at += block.length) {
            float weight = (float) random.nextGaussian(0, DEVIATION);
            switch (type) {
                case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, weight);
                case F16 -> data.set(SHORT, at, Float.floatToFloat16(weight));
                case BF16 -> data.set(SHORT, at, (short) (Float.floatToRawIntBits(weight) >>> 16));
                default -> {
                    random.nextBytes(block);
                    MemorySegment.copy(block, 0, data, ValueLayout.JAVA_BYTE, at, block.length);
                    for (int scale : scales(type)) {
                        data.set(SHORT, at + scale, Float.floatToFloat16((float) (DEVIATION / 8)));
                    }
                }
            }
        }
    }

    /** Where a block has F16 numbers. */
    private static int[] scales(TensorType type) {
        return switch (type) {
            case Q4_0, Q5_0, Q8_0 -> new int[] {0};
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
            case F32, F16, BF16, I32, I64, F64 -> throw new IllegalArgumentException(type + " has no scales");
        };
    }

    /** {@code length} inputs around zero. */
    static float[] activations(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[length];
        for (int i = 0; i < length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }
}
