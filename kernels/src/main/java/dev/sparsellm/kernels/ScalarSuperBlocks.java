package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.half;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the bytes of the K-quants mean: 256 weights in groups of 16 or 32, each group with a small whole number as scale
 * (and one as minimum) that multiplies the F16 scale {@code d} (and {@code dmin}) of the whole block.
 */
final class ScalarSuperBlocks {

    private ScalarSuperBlocks() {}

    /**
     * 16 bytes, a group's 4-bit scale low and minimum high; 64 bytes of codes; d; dmin. Of each 32 bytes of codes the
     * lowest two bits are weights 0 to 31, the next two 32 to 63 and so on. w = d·scale · q − dmin·minimum.
     */
    static void q2k(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at + 80);
        float dmin = half(data, at + 82);
        for (int group = 0; group < 16; group++, o += 16) {
            int scales = unsigned(data, at + group);
            float scale = d * (scales & 15);
            float minimum = dmin * (scales >> 4);
            long codes = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
            int shift = (group >> 1 & 3) * 2;
            for (int i = 0; i < 16; i++) {
                out[o + i] = scale * (unsigned(data, codes + i) >> shift & 3) - minimum;
            }
        }
    }

    /**
     * 32 bytes of third bits, bit j of byte i for weight 32·j + i, clear where 4 is to be taken away; 64 bytes of codes
     * as in Q2_K; 12 bytes of scales; d. w = d·(scale − 32) · (q − 4).
     */
    static void q3k(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at + 108);
        for (int group = 0; group < 16; group++, o += 16) {
            float scale = d * (q3kScale(data, at + 96, group) - 32);
            long codes = at + 32 + (group >> 3) * 32 + (group & 1) * 16;
            int shift = (group >> 1 & 3) * 2;
            long high = at + (group & 1) * 16;
            int bit = group >> 1;
            for (int i = 0; i < 16; i++) {
                int q = unsigned(data, codes + i) >> shift & 3;
                int above = unsigned(data, high + i) >> bit & 1;
                out[o + i] = scale * (q + 4 * above - 4);
            }
        }
    }

    /** 16 scales of six bits: the low four in nibbles of bytes 0 to 7, the upper two in pairs of bytes 8 to 11. */
    static int q3kScale(MemorySegment data, long at, int group) {
        int low = unsigned(data, at + (group & 7)) >> (group >> 3) * 4 & 15;
        int high = unsigned(data, at + 8 + (group & 3)) >> (group >> 2) * 2 & 3;
        return low | high << 4;
    }

    /**
     * d; dmin; 12 bytes of scales and minima; 128 bytes of codes. Of each 32 bytes of codes the low nibbles are one
     * group of 32 and the high ones the next. w = d·scale · q − dmin·minimum.
     */
    static void q4k(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at);
        float dmin = half(data, at + 2);
        for (int group = 0; group < 8; group++, o += 32) {
            float scale = d * scale6(data, at + 4, group);
            float minimum = dmin * minimum6(data, at + 4, group);
            long codes = at + 16 + (group >> 1) * 32;
            int shift = (group & 1) * 4;
            for (int i = 0; i < 32; i++) {
                out[o + i] = scale * (unsigned(data, codes + i) >> shift & 15) - minimum;
            }
        }
    }

    /** As Q4_K, with 32 bytes of fifth bits before the codes: bit j of byte i for weight 32·j + i. */
    static void q5k(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at);
        float dmin = half(data, at + 2);
        for (int group = 0; group < 8; group++, o += 32) {
            float scale = d * scale6(data, at + 4, group);
            float minimum = dmin * minimum6(data, at + 4, group);
            long codes = at + 48 + (group >> 1) * 32;
            int shift = (group & 1) * 4;
            for (int i = 0; i < 32; i++) {
                int above = unsigned(data, at + 16 + i) >> group & 1;
                out[o + i] = scale * (unsigned(data, codes + i) >> shift & 15 | above << 4) - minimum;
            }
        }
    }

    /** The scale of one of eight groups: six bits, from four on split among a nibble and the top of an earlier byte. */
    static int scale6(MemorySegment data, long at, int group) {
        return group < 4
                ? unsigned(data, at + group) & 63
                : unsigned(data, at + group + 4) & 15 | unsigned(data, at + group - 4) >> 6 << 4;
    }

    /** The minimum of one of eight groups, likewise. */
    static int minimum6(MemorySegment data, long at, int group) {
        return group < 4
                ? unsigned(data, at + group + 4) & 63
                : unsigned(data, at + group + 4) >> 4 | unsigned(data, at + group) >> 6 << 4;
    }

    /**
     * 128 bytes of low nibbles, 64 bytes of upper pairs of bits, 16 signed bytes of scales, d. Each half of 128 weights
     * has 64 bytes of nibbles (low ones: weights 0 to 63, high ones: 64 to 127) and 32 of pairs, the lowest pair for
     * weights 0 to 31. w = d·scale · (q − 32).
     */
    static void q6k(MemorySegment data, long at, float[] out, int o) {
        float d = half(data, at + 208);
        for (int group = 0; group < 16; group++, o += 16) {
            float scale = d * data.get(ValueLayout.JAVA_BYTE, at + 192 + group);
            long low = at + (group >> 3) * 64 + (group & 3) * 16;
            int lowShift = (group >> 2 & 1) * 4;
            long high = at + 128 + (group >> 3) * 32 + (group & 1) * 16;
            int highShift = (group >> 1 & 3) * 2;
            for (int i = 0; i < 16; i++) {
                int q = unsigned(data, low + i) >> lowShift & 15 | (unsigned(data, high + i) >> highShift & 3) << 4;
                out[o + i] = scale * (q - 32);
            }
        }
    }

    private static int unsigned(MemorySegment data, long at) {
        return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }
}
