package dev.sparsellm.kernels;

/** The kernels that leave weights out. Stateless, safe for any thread. */
interface SparseKernels {

    /** Products with channels of a matrix. */
    ChannelProduct channels(ChannelMajor weights);

    /**
     * Lists the indices i in [from, to) whose {@code values[valuesOffset + i] · factor} is outside
     * {@code [lower[i], upper[i]]}, ascending, from {@code indices[indicesOffset]} on. NaN counts as outside: it must not
     * be lost.
     *
     * @param indices has room for {@code to − from}; what follows the listed ones is overwritten, too
     * @return how many were listed
     */
    int listOutside(
            float[] values, int valuesOffset, float factor, float[] lower, float[] upper, int from, int to,
            int[] indices, int indicesOffset);

    /**
     * Copies {@code values[valuesOffset + i]} to {@code out[outOffset + i]}, i in [from, to), with {@code substitutes[i]}
     * in place of those whose {@code tested[testedOffset + i] · factor} is within {@code [lower[i], upper[i]]}.
     *
     * @param out may be {@code values} at the same offset
     * @return how many were outside, as {@link #listOutside} has it
     */
    int replaceInside(
            float[] tested, int testedOffset, float factor, float[] lower, float[] upper, float[] substitutes,
            float[] values, int valuesOffset, float[] out, int outOffset, int from, int to);
}
