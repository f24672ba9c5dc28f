package dev.sparsellm.conformance;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
        return new Tensor(name, type, rows, columns, offHeap(bytes));
    }

    /** The same with two numbers changed, one in its middle and its last: weights, or scales of blocks. */
    static Tensor with(Tensor tensor, float value) {
        ByteBuffer data = bytes(tensor);
        put(data, tensor, tensor.rows() / 2, tensor.columns() / 2, value);
        put(data, tensor, tensor.rows() - 1, tensor.columns() - 1, value);
        return new Tensor(tensor.name(), tensor.type(), tensor.rows(), tensor.columns(), offHeap(data.array()));
    }

    /** The same with a number changed in each row, so that a kernel meets no sound row beside it. */
    static Tensor withInEachRow(Tensor tensor, float value) {
        ByteBuffer data = bytes(tensor);
        for (int row = 0; row < tensor.rows(); row++) {
            put(data, tensor, row, tensor.columns() / 2, value);
        }
        return new Tensor(tensor.name(), tensor.type(), tensor.rows(), tensor.columns(), offHeap(data.array()));
    }

    private static ByteBuffer bytes(Tensor tensor) {
        return ByteBuffer.wrap(tensor.data().toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void put(ByteBuffer data, Tensor tensor, int row, int column, float value) {
        TensorType type = tensor.type();
        long block = row * tensor.rowBytes() + column / type.blockSize() * (long) type.blockBytes();
        int at = Math.toIntExact(block);
        if (type.blockSize() == 1) {
            put(data, type, at, value);
        } else {
            data.putShort(at + Blocks.floatsOf(type)[0], Float.floatToFloat16(value));
        }
    }

    /** Native memory, as mappings are: on segments of arrays, vector code takes other paths. */
    private static MemorySegment offHeap(byte[] bytes) {
        return Arena.ofAuto().allocate(Math.max(1, bytes.length), 64).copyFrom(MemorySegment.ofArray(bytes));
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
