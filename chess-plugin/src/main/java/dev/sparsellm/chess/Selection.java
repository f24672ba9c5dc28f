package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;

/**
 * Which values of one {@link Site} count: channel i is left out where {@code lower[i] ≤ value_i ≤ upper[i]}, and then
 * stands for {@code substitutes[i]}. The value is {@code SiLU(gate)_i} in a feed-forward block, where the substitute
 * stands for the hidden activation, and {@code x_i} before a projection.
 *
 * @param lower {@code [channels]}, finite; at most 0 in a feed-forward block
 * @param upper {@code [channels]}, finite; at least 0 in a feed-forward block
 * @param substitutes {@code [channels]}; all zero without compensation
 * @param compensated whether substitutes are in use
 * @param tau the threshold on weighted values from which the bounds follow
 * @param share of values left out on the text of the calibration
 */
record Selection(
        float[] lower, float[] upper, float[] substitutes, boolean compensated, double tau, double share) {

    /** Whether a channel with a value is left out; NaN never is. */
    static boolean leavesOut(float value, float lower, float upper) {
        return value >= lower & value <= upper;
    }

    int channels() {
        return lower.length;
    }

    /**
     * Copies channels [from, to) of a row, substitutes in place of what is left out.
     *
     * @param tested {@code [channels]}: what the bounds are for
     * @param inverse bounds are {@code 1 / inverse} times as wide; 1 leaves them as they are, to the bit
     * @param values {@code [channels]}: what is copied
     * @return how many are kept
     */
    int mask(
            Kernels kernels,
            float[] tested,
            int testedOffset,
            float inverse,
            float[] values,
            int valuesOffset,
            float[] out,
            int outOffset,
            int from,
            int to) {
        return kernels.replaceInside(
                tested, testedOffset, inverse, lower, upper, substitutes, values, valuesOffset, out, outOffset,
                from, to);
    }
}
