package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What the bytes of the plain types and of the blocks of 32 mean; {@link ScalarSuperBlocks} has those of 256. In all of
 * them {@code d} is a scale and {@code m} a minimum, both F16; multiplications and additions are rounded one by one and
 * in this order, as GGML's are, so that every implementation gets the same bits.
 */
final class ScalarBlocks {

    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ScalarBlocks() {}

    static void requireSupported(Tensor weights) {
        switch (weights.type()) {
            case I32, I64, F64 -> throw new IllegalArgumentException(
                    "Tensor %s has type %s, which no kernel multiplies; weights must be one of F32 F16 BF16 Q*"
                            .formatted(weights.name(), weights.type()));
            default -> {}
        }
    }

    /** Writes {@code n} weights, whole blocks, that begin at byte {@code at}. */
    static void unpack(TensorType type, MemorySegment data, long at, int n, float[] out, int o) {
        switch (type) {
            case F32 -> f32(data, at, n, out, o);
            case F16 -> f16(data, at, n, out, o);
            case BF16 -> bf16(data, at, n, out, o);
            default -> {
                for (int i = 0; i < n; i += type.blockSize(), at += type.blockBytes()) {
                    unpackBlock(type, data, at, out, o + i);
                }
            }
        }
    }

    private static void unpackBlock(TensorType type, MemorySegment data, long at, float[] out, int o) {
        switch (type) {
            case Q4_0 -> q4x0(data, at, out, o);
            case Q4_1 -> q4x1(data, at, out, o);
            case Q5_0 -> q5x0(data, at, out, o);
            case Q5_1 -> q5x1(data, at, out, o);
            case Q8_0 -> q8x0(data, at, out, o);
            case Q2_K -> ScalarSuperBlocks.q2k(data, at, out, o);
            case Q3_K -> ScalarSuperBlocks.q3k(data, at, out, o);
            case Q4_K -> ScalarSuperBlocks.q4k(data, at, out, o);
            case Q5_K -> ScalarSuperBlocks.q5k(data, at, out, o);
            case Q6_K -> ScalarSuperBlocks.q6k(data, at, out, o);
            default -> throw new IllegalArgumentException("Weights of type " + type + " have no kernel");
        }
    }

    static void f32(MemorySegment data, long at, int n, float[] out, int o) {
        MemorySegment.copy(data, FLOAT, at, out, o, n);
    }

    static void f16(MemorySegment data, long at, int n, float[] out, int o) {
        for (int i = 0; i < n; i++) {
            out[o + i] = half(data, at + 2L * i);
        }
    }

    static void bf16(MemorySegment data, long at, int n, float[] out, int o) {
        for (int i = 0; i < n; i++) {
            out[o + i] = upperHalf(data, at + 2L * i);
        }
    }

    /** d, 16 bytes of codes: the low nibbles are weights 0 to 15, the high ones 16 to 31. w = (q − 8) · d. */
    static void q4x0(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at);
        for (int i = 0; i < 16; i++) {
            int q = data.get(ValueLayout.JAVA_BYTE, at + 2 + i);
            out[o + i] = ((q & 15) - 8) * d;
            out[o + i + 16] = ((q >> 4 & 15) - 8) * d;
        }
    }

    /** d, m, codes as in Q4_0. w = q · d + m. */
    static void q4x1(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at);
        float m = half(data, at + 2);
        for (int i = 0; i < 16; i++) {
            int q = data.get(ValueLayout.JAVA_BYTE, at + 4 + i);
            out[o + i] = (q & 15) * d + m;
            out[o + i + 16] = (q >> 4 & 15) * d + m;
        }
    }

    /** d, 32 fifth bits in order of the weights, 16 bytes of codes as in Q4_0. w = (q − 16) · d. */
    static void q5x0(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at);
        int high = data.get(INT, at + 2);
        for (int i = 0; i < 16; i++) {
            int q = data.get(ValueLayout.JAVA_BYTE, at + 6 + i);
            out[o + i] = ((q & 15 | (high >>> i & 1) << 4) - 16) * d;
            out[o + i + 16] = ((q >> 4 & 15 | (high >>> i + 16 & 1) << 4) - 16) * d;
        }
    }

    /** d, m, 32 fifth bits, codes. w = q · d + m. */
    static void q5x1(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at);
        float m = half(data, at + 2);
        int high = data.get(INT, at + 4);
        for (int i = 0; i < 16; i++) {
            int q = data.get(ValueLayout.JAVA_BYTE, at + 8 + i);
            out[o + i] = (q & 15 | (high >>> i & 1) << 4) * d + m;
            out[o + i + 16] = (q >> 4 & 15 | (high >>> i + 16 & 1) << 4) * d + m;
        }
    }

    /** d, 32 signed bytes. w = q · d. */
    static void q8x0(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at);
        for (int i = 0; i < 32; i++) {
            out[o + i] = data.get(ValueLayout.JAVA_BYTE, at + 2 + i) * d;
        }
    }

    /** The F32 at byte {@code at}. */
    static float single(MemorySegment data, long at) {
        return data.get(FLOAT, at);
    }

    /** The BF16 at byte {@code at}: the upper half of an F32. */
    static float upperHalf(MemorySegment data, long at) {
        return Float.intBitsToFloat(data.get(SHORT, at) << 16);
    }

    /** The F16 at byte {@code at}, exactly: denormals, infinities and NaN included. */
    static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(SHORT, at));
    }
}
