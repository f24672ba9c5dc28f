package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Weights with every code and every kind of finite scale, denormal ones among them. */
final class RandomTensors {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

    private RandomTensors() {}

    /** The types that weights may have. */
    static List<TensorType> weightTypes() {
        return Arrays.stream(TensorType.values()).filter(ChannelMajor::supports).toList();
    }

    static Tensor tensor(TensorType type, int rows, int columns, SplittableRandom random) {
        MemorySegment data = MemorySegment.ofArray(new byte[Math.toIntExact(rows * type.rowBytes(columns))]);
        fill(type, data, random);
        return new Tensor("random." + type, type, rows, columns, data);
    }

    /** Fills {@code data} with whole blocks. */
    static void fill(TensorType type, MemorySegment data, SplittableRandom random) {
        byte[] block = new byte[type.blockBytes()];
        for (long at = 0; at < data.byteSize(); at += block.length) {
            random.nextBytes(block);
            MemorySegment.copy(block, 0, data, ValueLayout.JAVA_BYTE, at, block.length);
            switch (type) {
                case F32 -> data.set(
                        ValueLayout.JAVA_FLOAT_UNALIGNED, at, (float) random.nextGaussian(0, 0.05));
                case F16 -> data.set(SHORT, at, half(random));
                case BF16 -> data.set(
                        SHORT, at, (short) (Float.floatToRawIntBits((float) random.nextGaussian(0, 0.05)) >>> 16));
                default -> {
                    for (int scale : scales(type)) {
                        data.set(SHORT, at + scale, half(random));
                    }
                }
            }
        }
    }

    /** Where a block has F16 numbers. */
    private static int[] scales(TensorType type) {
        return switch (type) {
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
            default -> new int[] {0};
        };
    }

    /** Between 2⁻²⁴ and about 2, of either sign. */
    private static short half(SplittableRandom random) {
        int exponent = random.nextInt(4) == 0 ? random.nextInt(16) : 9;
        return (short) (random.nextInt(2) << 15 | exponent << 10 | random.nextInt(1024));
    }
}
