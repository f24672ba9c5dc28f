package dev.sparsellm.kernels;

import dev.sparsellm.spi.TensorType;

/**
 * How {@link ChannelMajor} keeps the weights of a type. A quantised weight is {@code s · (q + zero) + m}, where q is
 * GGML's code of {@code bits} bits, and s and m belong to a group of {@code group} consecutive channels of one output.
 *
 * <p>Codes of any width are packed alike: as many as fit side by side into 32 bits, the first one lowest. 3, 5 and 6
 * bits so become 3.2, 5.33 and 6.4, which costs 7 % more bytes than a separate plane of high bits and saves three of
 * the seven instructions that putting such a code together takes. A code need not be shifted to its place: where it
 * is, it is its own value times a power of two, which is taken out of sums later. So mask, convert, multiply-add.
 *
 * @param bits of a code, or of a plain number; codes are unsigned, those of Q8_0 kept as q + 128
 * @param zero what is added to the code
 * @param group channels under one scale; 1 for plain types
 * @param scales how scales are stored
 */
record ChannelCoding(int bits, int zero, int group, Scales scales) {

    /** How the scales of a group are stored. */
    enum Scales {
        /** None: numbers are plain. */
        NONE,
        /** {@code s = d}, F16. */
        HALF,
        /** {@code s = d}, {@code m = min}, F16. */
        HALF_MIN,
        /** {@code s = d · sub}: d F16 for a super-block of 256, sub a signed byte. */
        SUB,
        /** {@code s = d · sub}, {@code m = −dmin · subMin}: bytes. */
        SUB_MIN,
        /** The same with both in one byte: sub in the low half, subMin in the high one. */
        SUB_MIN_NIBBLES
    }

    static ChannelCoding of(TensorType type) {
        return switch (type) {
            case F32 -> new ChannelCoding(32, 0, 1, Scales.NONE);
            case F16, BF16 -> new ChannelCoding(16, 0, 1, Scales.NONE);
            case Q4_0 -> new ChannelCoding(4, -8, 32, Scales.HALF);
            case Q4_1 -> new ChannelCoding(4, 0, 32, Scales.HALF_MIN);
            case Q5_0 -> new ChannelCoding(5, -16, 32, Scales.HALF);
            case Q5_1 -> new ChannelCoding(5, 0, 32, Scales.HALF_MIN);
            case Q8_0 -> new ChannelCoding(8, -128, 32, Scales.HALF);
            case Q2_K -> new ChannelCoding(2, 0, 16, Scales.SUB_MIN_NIBBLES);
            case Q3_K -> new ChannelCoding(3, -4, 16, Scales.SUB);
            case Q4_K -> new ChannelCoding(4, 0, 32, Scales.SUB_MIN);
            case Q5_K -> new ChannelCoding(5, 0, 32, Scales.SUB_MIN);
            case Q6_K -> new ChannelCoding(6, -32, 16, Scales.SUB);
            case I32, I64, F64 -> throw new IllegalArgumentException(
                    "No channel-major form for type " + type + "; weights must be one of F32 F16 BF16 Q*");
        };
    }

    /** Whether weights are plain numbers without scales. */
    boolean plain() {
        return scales == Scales.NONE;
    }

    /** Whether groups have a minimum. */
    boolean hasMin() {
        return scales == Scales.HALF_MIN || scales == Scales.SUB_MIN || scales == Scales.SUB_MIN_NIBBLES;
    }

    /** Whether scales have a second factor for each group. */
    boolean hasSub() {
        return scales == Scales.SUB || scales == Scales.SUB_MIN || scales == Scales.SUB_MIN_NIBBLES;
    }

    /** Codes in 32 bits. */
    int perInt() {
        return 32 / bits;
    }

    /** Outputs in the 64 bytes that codes are packed into. */
    int tile() {
        return 16 * perInt();
    }
}
