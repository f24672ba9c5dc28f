package dev.sparsellm.conformance;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Random tensors. Codes and small scales are random bytes, so that every bit of a block is met both ways; only the
 * floats in a block are chosen, such that weights are about as large as those of a trained model, 1/√columns.
 */
final class Weights {

    private Weights() {}

    /** A tensor that follows from its arguments. */
    static Tensor random(String name, TensorType type, int rows, int columns, SplittableRandom random) {
        byte[] bytes = new byte[Math.toIntExact(rows * type.rowBytes(columns))];
        random.nextBytes(bytes);
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        double wanted = 1 / Math.sqrt(columns);
        if (type.blockSize() == 1) {
            for (int i = 0; i < rows * columns; i++) {
                put(data, type, i * type.blockBytes(), (float) (wanted * random.nextGaussian()));
            }
        } else {
            for (int at = 0; at < bytes.length; at += type.blockBytes()) {
                setScales(data, type, at, 1, random.split());
                double[] block = Blocks.dequantize(type, data, at, new double[type.blockSize()]);
                double squares = 0;
                for (double weight : block) {
                    squares += weight * weight;
                }
                float unit = (float) (wanted / Math.sqrt(squares / block.length + 1e-12));
                setScales(data, type, at, unit, random.split());
            }
        }
        // Native memory, as mappings are: on segments of arrays, vector code takes other paths.
        MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, bytes.length), 64);
        copy.copyFrom(MemorySegment.ofArray(bytes));
        return new Tensor(name, type, rows, columns, copy);
    }

    private static void put(ByteBuffer data, TensorType type, int at, float value) {
        switch (type) {
            case F32 -> data.putFloat(at, value);
            case F16 -> data.putShort(at, Float.floatToFloat16(value));
            case BF16 -> data.putShort(at, (short) (Float.floatToRawIntBits(value) >>> 16));
            default -> throw new AssertionError(type);
        }
    }

    private static void setScales(ByteBuffer data, TensorType type, int at, float unit, SplittableRandom random) {
        for (int offset : Blocks.floatsOf(type)) {
            float sign = random.nextInt(4) == 0 ? -1 : 1;
            data.putShort(at + offset, Float.floatToFloat16(sign * unit * (0.5f + (float) random.nextDouble())));
        }
    }
}
