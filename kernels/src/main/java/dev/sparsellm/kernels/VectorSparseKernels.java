package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/** The Vector API's. */
final class VectorSparseKernels implements SparseKernels {

    /** For the last few channels. */
    private final ScalarSparseKernels scalar = new ScalarSparseKernels();

    @Override
    public ChannelProduct channels(ChannelMajor weights) {
        ChannelMajor offHeap = weights.data().isNative()
                ? weights
                : new ChannelMajor(weights.type(), weights.rows(), weights.columns(), NativeSegments.copyOf(weights.data()));
        return new PackedChannelProduct(offHeap, new VectorChannelSteps());
    }

    /**
     * Stores whole vectors: what follows the listed indices is overwritten, but never beyond where i would be listed.
     * Vectors of 128 bits have no instruction that compresses, and C2 none in its place.
     */
    @Override
    public int listOutside(
            float[] values, int valuesOffset, float factor, float[] lower, float[] upper, int from, int to,
            int[] indices, int indicesOffset) {
        int at = indicesOffset;
        int i = from;
        if (LANES > 4) {
            IntVector numbers = IntVector.zero(INTS).addIndex(1).add(from);
            for (; i + LANES <= to; i += LANES) {
                FloatVector value = FloatVector.fromArray(FLOATS, values, valuesOffset + i).mul(factor);
                VectorMask<Integer> outside = value.compare(GE, FloatVector.fromArray(FLOATS, lower, i))
                        .and(value.compare(LE, FloatVector.fromArray(FLOATS, upper, i)))
                        .not()
                        .cast(INTS);
                numbers.compress(outside).intoArray(indices, at);
                at += outside.trueCount();
                numbers = numbers.add(LANES);
            }
        }
        return at - indicesOffset
                + scalar.listOutside(values, valuesOffset, factor, lower, upper, i, to, indices, at);
    }

    @Override
    public int replaceInside(
            float[] tested, int testedOffset, float factor, float[] lower, float[] upper, float[] substitutes,
            float[] values, int valuesOffset, float[] out, int outOffset, int from, int to) {
        int i = from;
        int inside = 0;
        for (; i + LANES <= to; i += LANES) {
            FloatVector value = FloatVector.fromArray(FLOATS, tested, testedOffset + i).mul(factor);
            VectorMask<Float> replaced = value.compare(GE, FloatVector.fromArray(FLOATS, lower, i))
                    .and(value.compare(LE, FloatVector.fromArray(FLOATS, upper, i)));
            FloatVector.fromArray(FLOATS, values, valuesOffset + i)
                    .blend(FloatVector.fromArray(FLOATS, substitutes, i), replaced)
                    .intoArray(out, outOffset + i);
            inside += replaced.trueCount();
        }
        return i - from - inside
                + scalar.replaceInside(
                        tested, testedOffset, factor, lower, upper, substitutes, values, valuesOffset, out, outOffset,
                        i, to);
    }
}
