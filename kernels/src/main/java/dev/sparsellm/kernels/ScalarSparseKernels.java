package dev.sparsellm.kernels;

/** Plain loops, on any JVM. */
final class ScalarSparseKernels implements SparseKernels {

    @Override
    public ChannelProduct channels(ChannelMajor weights) {
        return new PackedChannelProduct(weights, new ScalarChannelSteps());
    }

    /** Without a branch on the outcome, which at 50 % would be mispredicted every other time. */
    @Override
    public int compact(
            float[] values, int valuesOffset, float[] thresholds, int from, int to, int[] indices, int indicesOffset) {
        int at = indicesOffset;
        for (int i = from; i < to; i++) {
            indices[at] = i;
            at += Math.abs(values[valuesOffset + i]) <= thresholds[i] ? 0 : 1;
        }
        return at - indicesOffset;
    }
}
