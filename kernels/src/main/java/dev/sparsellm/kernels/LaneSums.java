package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.LANES;

/**
 * The sums of a vector product, one per lane: lane i has those of the columns that leave i when divided by the number
 * of lanes, or those that {@link VectorFormat#prepare} brings there, added in order by fused multiply-add. They pass through memory, and are added up here in halves, because
 * {@code reduceLanes} leaves the order open (what the interpreter and what compiled code return may differ in the last
 * bits) and because sixteen shuffled reductions at the end of a kernel overtax C2: it then boxes them.
 */
final class LaneSums {

    private LaneSums() {}

    /** Adds one product to lane {@code at}, as a vector would: for columns that fill no vector. */
    static void add(float w, float x, float[] sums, int at) {
        sums[at] = Math.fma(w, x, sums[at]);
    }

    /**
     * The sum of the lanes that begin at {@code at}. One expression: as loops over memory it took 8 % of a token of a small
     * model, whose rows are short.
     */
    static float total(float[] s, int at) {
        return switch (LANES) {
            case 16 ->
                total(
                        s[at] + s[at + 8],
                        s[at + 1] + s[at + 9],
                        s[at + 2] + s[at + 10],
                        s[at + 3] + s[at + 11],
                        s[at + 4] + s[at + 12],
                        s[at + 5] + s[at + 13],
                        s[at + 6] + s[at + 14],
                        s[at + 7] + s[at + 15]);
            case 8 ->
                total(s[at], s[at + 1], s[at + 2], s[at + 3], s[at + 4], s[at + 5], s[at + 6], s[at + 7]);
            default -> s[at] + s[at + 2] + (s[at + 1] + s[at + 3]);
        };
    }

    private static float total(
            float s0, float s1, float s2, float s3, float s4, float s5, float s6, float s7) {
        return s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7));
    }
}
