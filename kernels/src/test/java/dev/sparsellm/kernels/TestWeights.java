package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Weights for tests: blocks of random bytes, their scales made finite and moderate. */
final class TestWeights {

    /** All types that kernels multiply. */
    static final List<TensorType> TYPES = Stream.of(TensorType.values())
            .filter(type -> type != TensorType.I32 && type != TensorType.I64 && type != TensorType.F64)
            .toList();

    private TestWeights() {}

    static Tensor random(TensorType type, int rows, int columns, long seed) {
        MemorySegment data = Arena.ofAuto().allocate(rows * type.rowBytes(columns), 64);
        fill(data, type, new Random(seed));
        return new Tensor("test." + type, type, rows, columns, data);
    }

    /** Any bits whatever: infinite scales, NaN, denormals. */
    static Tensor anyBits(TensorType type, int rows, int columns, long seed) {
        MemorySegment data = Arena.ofAuto().allocate(rows * type.rowBytes(columns), 64);
        fillBytes(data, new Random(seed));
        return new Tensor("test." + type, type, rows, columns, data);
    }

    private static void fillBytes(MemorySegment data, Random random) {
        byte[] bytes = new byte[Math.toIntExact(data.byteSize())];
        random.nextBytes(bytes);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
    }

    /** All byte values in codes and small scales; F16 numbers, scales too, in (−2, 2), denormals among them. */
    static void fill(MemorySegment data, TensorType type, Random random) {
        fillBytes(data, random);
        switch (type) {
            case F32 -> {
                for (long at = 0; at < data.byteSize(); at += 4) {
                    data.set(ScalarBlocks.FLOAT, at, random.nextFloat() * 2 - 1);
                }
            }
            case BF16 -> {
                for (long at = 0; at < data.byteSize(); at += 2) {
                    short bits = (short) (Float.floatToRawIntBits(random.nextFloat() * 2 - 1) >> 16);
                    data.set(ScalarBlocks.SHORT, at, bits);
                }
            }
            default -> {
                for (long block = 0; block < data.byteSize(); block += type.blockBytes()) {
                    for (int scale : scales(type)) {
                        short bits = data.get(ScalarBlocks.SHORT, block + scale);
                        data.set(ScalarBlocks.SHORT, block + scale, (short) (bits & ~0x4000));
                    }
                }
            }
        }
    }

    /** Where in a block the F16 numbers are. */
    private static int[] scales(TensorType type) {
        return switch (type) {
            case F16, Q4_0, Q5_0, Q8_0 -> new int[] {0};
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
            default -> throw new IllegalArgumentException(type + " has no scales");
        };
    }

    /** {@code length} numbers around zero. */
    static float[] activations(int length, long seed) {
        Random random = new Random(seed);
        float[] x = new float[length];
        for (int i = 0; i < length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** All weights, unpacked by scalar code: [rows][columns]. */
    static float[] unpacked(Tensor weights) {
        float[] w = new float[weights.rows() * weights.columns()];
        for (int r = 0; r < weights.rows(); r++) {
            KernelChoice.SCALAR.dequantize(weights, r, w, r * weights.columns());
        }
        return w;
    }
}
