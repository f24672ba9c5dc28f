package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;

import java.lang.foreign.MemorySegment;

/**
 * The eight scales, or the eight minima, of a Q4_K or Q5_K block as the bytes of a long: a few operations on four bytes
 * at a time in place of those that {@link ScalarSuperBlocks#scale6} takes for each.
 */
final class SixBits {

    private SixBits() {}

    static long scales(MemorySegment data, long at) {
        int a = data.get(INT, at);
        int c = data.get(INT, at + 8);
        return join(a & 0x3f3f3f3f, c & 0x0f0f0f0f | (a >>> 6 & 0x03030303) << 4);
    }

    static long minima(MemorySegment data, long at) {
        int b = data.get(INT, at + 4);
        int c = data.get(INT, at + 8);
        return join(b & 0x3f3f3f3f, c >>> 4 & 0x0f0f0f0f | (b >>> 6 & 0x03030303) << 4);
    }

    private static long join(int first, int last) {
        return first & 0xffff_ffffL | (long) last << 32;
    }

    static int get(long eight, int group) {
        return (int) (eight >>> 8 * group) & 63;
    }
}
