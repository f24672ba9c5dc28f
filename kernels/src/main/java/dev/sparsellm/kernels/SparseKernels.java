package dev.sparsellm.kernels;

/** The kernels that leave weights out. Stateless, safe for any thread. */
interface SparseKernels {

    /** Products with channels of a matrix. */
    ChannelProduct channels(ChannelMajor weights);

    /**
     * Lists the indices i in [from, to) with {@code |values[valuesOffset + i]| > thresholds[i]}, ascending, from
     * {@code indices[indicesOffset]} on. NaN counts as above every threshold: it must not be lost.
     *
     * @param indices has room for {@code to − from}; what follows the listed ones is overwritten, too
     * @return how many were listed
     */
    int compact(
            float[] values, int valuesOffset, float[] thresholds, int from, int to, int[] indices, int indicesOffset);
}
