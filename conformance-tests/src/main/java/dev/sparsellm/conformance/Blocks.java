package dev.sparsellm.conformance;

import dev.sparsellm.spi.TensorType;
import java.nio.ByteBuffer;

/**
 * What the bytes of weights mean, in F64: the oracle's own reading of GGML's block formats, written for plainness. In
 * all of them d is an F16 scale and m an F16 minimum; bytes are counted from the start of the block.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF specification</a>
 */
final class Blocks {

    private Blocks() {}

    /** Where a block has its F16 numbers. */
    static int[] floatsOf(TensorType type) {
        return switch (type) {
            case Q4_0, Q5_0, Q8_0 -> new int[] {0};
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
            default -> throw new IllegalArgumentException(type + " is not stored in blocks");
        };
    }

    /**
     * The weights of one block.
     *
     * @param data little-endian
     * @param at where the block begins
     * @param w {@code [blockSize]}, overwritten and returned
     */
    static double[] dequantize(TensorType type, ByteBuffer data, int at, double[] w) {
        for (int i = 0; i < w.length; i++) {
            w[i] = weight(type, data, at, i);
        }
        return w;
    }

    private static double weight(TensorType type, ByteBuffer b, int at, int i) {
        return switch (type) {
            case F32 -> b.getFloat(at);
            case F16 -> f16(b, at);
            case BF16 -> Float.intBitsToFloat(b.getShort(at) << 16);
            case Q4_0 -> f16(b, at) * (nibble(b, at + 2, i) - 8);
            case Q4_1 -> f16(b, at) * nibble(b, at + 4, i) + f16(b, at + 2);
            case Q5_0 -> f16(b, at) * (nibble(b, at + 6, i) + 16 * bit(b, at + 2, i) - 16);
            case Q5_1 -> f16(b, at) * (nibble(b, at + 8, i) + 16 * bit(b, at + 4, i)) + f16(b, at + 2);
            case Q8_0 -> f16(b, at) * b.get(at + 2 + i);
            case Q2_K -> {
                int scales = u8(b, at + i / 16);
                yield f16(b, at + 80) * (scales % 16) * pair(b, at + 16, i) - f16(b, at + 82) * (scales / 16);
            }
            case Q3_K -> {
                int third = u8(b, at + i % 32) >> i / 32 & 1;
                yield f16(b, at + 108) * (scaleQ3(b, at + 96, i / 16) - 32) * (pair(b, at + 32, i) + 4 * third - 4);
            }
            case Q4_K -> f16(b, at) * scaleK(b, at + 4, i / 32) * halves(b, at + 16, i, 32)
                    - f16(b, at + 2) * minimumK(b, at + 4, i / 32);
            case Q5_K -> {
                int fifth = u8(b, at + 16 + i % 32) >> i / 32 & 1;
                yield f16(b, at) * scaleK(b, at + 4, i / 32) * (halves(b, at + 48, i, 32) + 16 * fifth)
                        - f16(b, at + 2) * minimumK(b, at + 4, i / 32);
            }
            case Q6_K -> {
                int upper = u8(b, at + 128 + i / 128 * 32 + i % 32) >> i % 128 / 32 * 2 & 3;
                yield f16(b, at + 208) * b.get(at + 192 + i / 16) * (halves(b, at, i, 64) + 16 * upper - 32);
            }
            case I32, I64, F64 -> throw new IllegalArgumentException("Weights are never " + type);
        };
    }

    /** Of 32 codes of four bits: the first 16 are low nibbles, the others high ones. */
    private static int nibble(ByteBuffer b, int at, int i) {
        return halves(b, at, i, 16);
    }

    /** Groups of {@code 2n} codes in {@code n} bytes: the first n of a group are low nibbles, the others high ones. */
    private static int halves(ByteBuffer b, int at, int i, int n) {
        int packed = u8(b, at + i / (2 * n) * n + i % n);
        return i % (2 * n) < n ? packed % 16 : packed / 16;
    }

    /** Groups of 128 codes in 32 bytes: the lowest two bits are the first 32 of a group, and so on. */
    private static int pair(ByteBuffer b, int at, int i) {
        return u8(b, at + i / 128 * 32 + i % 32) >> i % 128 / 32 * 2 & 3;
    }

    /** Bit i of a little-endian field. */
    private static int bit(ByteBuffer b, int at, int i) {
        return u8(b, at + i / 8) >> i % 8 & 1;
    }

    /** 16 scales in 12 bytes: low nibbles of bytes 0 to 7 and high ones, then pairs of upper bits. */
    private static int scaleQ3(ByteBuffer b, int at, int group) {
        int low = group < 8 ? u8(b, at + group) % 16 : u8(b, at + group - 8) / 16;
        return low + 16 * (u8(b, at + 8 + group % 4) >> group / 4 * 2 & 3);
    }

    /** Eight scales and eight minima in 12 bytes: four of each in six bits, four in nibbles, with bits left above. */
    private static int scaleK(ByteBuffer b, int at, int group) {
        return group < 4 ? u8(b, at + group) % 64 : u8(b, at + 4 + group) % 16 + u8(b, at + group - 4) / 64 * 16;
    }

    private static int minimumK(ByteBuffer b, int at, int group) {
        return group < 4 ? u8(b, at + 4 + group) % 64 : u8(b, at + 4 + group) / 16 + u8(b, at + group) / 64 * 16;
    }

    private static int u8(ByteBuffer b, int at) {
        return b.get(at) & 0xFF;
    }

    private static double f16(ByteBuffer b, int at) {
        return Float.float16ToFloat(b.getShort(at));
    }
}
