package dev.sparsellm.kernels;

/** Plain loops, on any JVM. */
final class ScalarSparseKernels implements SparseKernels {

    @Override
    public ChannelProduct channels(ChannelMajor weights) {
        return new PackedChannelProduct(weights, new ScalarChannelSteps());
    }

    /** Written always, counted where listed: without a branch that at 50 % is predicted wrongly every other time. */
    @Override
    public int listOutside(
            float[] values, int valuesOffset, float factor, float[] lower, float[] upper, int from, int to,
            int[] indices, int indicesOffset) {
        int at = indicesOffset;
        for (int i = from; i < to; i++) {
            indices[at] = i;
            at += isInside(values[valuesOffset + i] * factor, lower[i], upper[i]) ? 0 : 1;
        }
        return at - indicesOffset;
    }

    @Override
    public int replaceInside(
            float[] tested, int testedOffset, float factor, float[] lower, float[] upper, float[] substitutes,
            float[] values, int valuesOffset, float[] out, int outOffset, int from, int to) {
        int outside = 0;
        for (int i = from; i < to; i++) {
            boolean inside = isInside(tested[testedOffset + i] * factor, lower[i], upper[i]);
            out[outOffset + i] = inside ? substitutes[i] : values[valuesOffset + i];
            outside += inside ? 0 : 1;
        }
        return outside;
    }

    /** NaN is not. */
    private static boolean isInside(float value, float lower, float upper) {
        return value >= lower & value <= upper;
    }
}
