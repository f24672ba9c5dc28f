package dev.sparsellm.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The Vector API's. */
final class VectorSparseKernels implements SparseKernels {

    private static final int LANES = VectorWidth.FLOATS.length();

    @Override
    public ChannelProduct channels(ChannelMajor weights) {
        return new PackedChannelProduct(weights, new VectorChannelSteps());
    }

    /** Stores whole vectors: what follows the listed indices is overwritten, but never beyond where i would be listed. */
    @Override
    public int compact(
            float[] values, int valuesOffset, float[] thresholds, int from, int to, int[] indices, int indicesOffset) {
        int at = indicesOffset;
        int i = from;
        IntVector numbers = IntVector.zero(VectorWidth.INTS).addIndex(1).add(from);
        for (; i + LANES <= to; i += LANES) {
            FloatVector magnitude = FloatVector.fromArray(VectorWidth.FLOATS, values, valuesOffset + i).abs();
            VectorMask<Integer> kept = magnitude
                    .compare(VectorOperators.LE, FloatVector.fromArray(VectorWidth.FLOATS, thresholds, i))
                    .not()
                    .cast(VectorWidth.INTS);
            numbers.compress(kept).intoArray(indices, at);
            at += kept.trueCount();
            numbers = numbers.add(LANES);
        }
        for (; i < to; i++) {
            indices[at] = i;
            at += Math.abs(values[valuesOffset + i]) <= thresholds[i] ? 0 : 1;
        }
        return at - indicesOffset;
    }
}
