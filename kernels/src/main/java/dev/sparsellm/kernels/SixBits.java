package dev.sparsellm.kernels;

/**
 * The eight scales, or the eight minima, of a Q4_K or Q5_K block, or half of the scales of a Q3_K block, as the bytes of a long: a few operations on four bytes
 * at a time in place of those that {@link ScalarSuperBlocks#scale6} takes for each. The bytes come as ints read in the
 * kernels: each read is much code for C2, and with two more of them Q5_K was boxed at 128 bits.
 */
final class SixBits {

    private SixBits() {}

    /** From the first and the last four of the 12 bytes. */
    static long scales(int first, int last) {
        return join(first & 0x3f3f3f3f, last & 0x0f0f0f0f | (first >>> 6 & 0x03030303) << 4);
    }

    /** From the middle and the last four of the 12 bytes. */
    static long minima(int middle, int last) {
        return join(middle & 0x3f3f3f3f, last >>> 4 & 0x0f0f0f0f | (middle >>> 6 & 0x03030303) << 4);
    }

    /** Of Q3_K: lower four bits as the lower halves of the bytes of a long, upper two as the lowest and the next pairs of those of an int. */
    static long scales3(long nibbles, int pairs) {
        return nibbles & 0x0f0f0f0f_0f0f0f0fL | join((pairs & 0x03030303) << 4, (pairs >>> 2 & 0x03030303) << 4);
    }

    private static long join(int first, int last) {
        return first & 0xffff_ffffL | (long) last << 32;
    }

    static int get(long eight, int group) {
        return (int) (eight >>> 8 * group) & 63;
    }
}
