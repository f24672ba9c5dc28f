package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.LANES;

/**
 * The sums of a vector product, one per lane: lane i has those of the columns that leave i when divided by the number
 * of lanes, added in order by fused multiply-add. They pass through memory, and are added up here in halves, because
 * {@code reduceLanes} leaves the order open (what the interpreter and what compiled code return may differ in the last
 * bits) and because sixteen shuffled reductions at the end of a kernel overtax C2: it then boxes them.
 */
final class LaneSums {

    private LaneSums() {}

    /** Adds one product to lane {@code at}, as a vector would: for columns that fill no vector. */
    static void add(float w, float x, float[] sums, int at) {
        sums[at] = Math.fma(w, x, sums[at]);
    }

    /** The sum of the lanes that begin at {@code at}, which are spoilt by it. */
    static float total(float[] sums, int at) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int i = at; i < at + half; i++) {
                sums[i] += sums[i + half];
            }
        }
        return sums[at];
    }
}
