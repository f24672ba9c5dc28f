package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of BF16 by vectors of 256 bits: two weights in an int, one load for 16, in place of loads that widen eight each; x is laid
 * out to match. From memory in order the same within noise of those, AMD Zen 3; half of the rows listed, 1.16 to 1.35 times as fast.
 */
final class VectorBF16Pairs implements VectorFormat {

    private static final IntVector UPPER_HALF = IntVector.broadcast(INTS, 0xffff << 16);

    private final VectorBF16 weightByWeight = new VectorBF16();

    @Override
    public TensorType type() {
        return TensorType.BF16;
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.whole(true));
    }

    @Override
    public int columnsOfStep() {
        return 2 * LANES;
    }

    @Override
    public boolean takesEight() {
        return true;
    }

    @Override
    public int preparedFloats(int columns) {
        return columns;
    }

    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        layPairs(x, xOffset, columns, 1, prepared);
    }

    /** Of each step the x of the lower halves of its ints, then that of the upper ones, times {@code factor}. */
    static void layPairs(float[] x, int xOffset, int columns, float factor, float[] prepared) {
        for (int step = 0; step + 2 * LANES <= columns; step += 2 * LANES) {
            for (int i = 0; i < LANES; i++) {
                prepared[step + i] = x[xOffset + step + 2 * i] * factor;
                prepared[step + LANES + i] = x[xOffset + step + 2 * i + 1] * factor;
            }
        }
    }

    /** Written out: see {@link VectorFormat} on calls. */
    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long p0 = starts[MARGIN];
        long p1 = starts[MARGIN + 1];
        long p2 = starts[MARGIN + 2];
        long p3 = starts[MARGIN + 3];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + 2 * LANES * i);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + 2 * LANES * i + LANES);
            IntVector q0 = IntVector.fromMemorySegment(INTS, w, p0, LITTLE_ENDIAN);
            sum0 = q0.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum0);
            sum0 = q0.and(UPPER_HALF).reinterpretAsFloats().fma(v1, sum0);
            IntVector q1 = IntVector.fromMemorySegment(INTS, w, p1, LITTLE_ENDIAN);
            sum1 = q1.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum1);
            sum1 = q1.and(UPPER_HALF).reinterpretAsFloats().fma(v1, sum1);
            IntVector q2 = IntVector.fromMemorySegment(INTS, w, p2, LITTLE_ENDIAN);
            sum2 = q2.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum2);
            sum2 = q2.and(UPPER_HALF).reinterpretAsFloats().fma(v1, sum2);
            IntVector q3 = IntVector.fromMemorySegment(INTS, w, p3, LITTLE_ENDIAN);
            sum3 = q3.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum3);
            sum3 = q3.and(UPPER_HALF).reinterpretAsFloats().fma(v1, sum3);
            p0 += step;
            p1 += step;
            p2 += step;
            p3 += step;
        }
        sum0.intoArray(work, MARGIN);
        sum1.intoArray(work, MARGIN + LANES);
        sum2.intoArray(work, MARGIN + 2 * LANES);
        sum3.intoArray(work, MARGIN + 3 * LANES);
    }

    /** Four written out, by turns of names, as {@link VectorQ4x0Shorts} does. */
    @Override
    public void eightBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long p0 = starts[MARGIN];
        long p1 = starts[MARGIN + 1];
        long p2 = starts[MARGIN + 2];
        long p3 = starts[MARGIN + 3];
        long p4 = starts[MARGIN + 4];
        long p5 = starts[MARGIN + 5];
        long p6 = starts[MARGIN + 6];
        long p7 = starts[MARGIN + 7];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector sum4 = FloatVector.zero(FLOATS);
        FloatVector sum5 = FloatVector.zero(FLOATS);
        FloatVector sum6 = FloatVector.zero(FLOATS);
        FloatVector sum7 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + 2 * LANES * i);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + 2 * LANES * i + LANES);
            for (int turn = 0; turn < 2; turn++) {
                IntVector q0 = IntVector.fromMemorySegment(INTS, w, p0, LITTLE_ENDIAN);
                FloatVector part0 = q0.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum0);
                part0 = q0.and(UPPER_HALF).reinterpretAsFloats().fma(v1, part0);
                IntVector q1 = IntVector.fromMemorySegment(INTS, w, p1, LITTLE_ENDIAN);
                FloatVector part1 = q1.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum1);
                part1 = q1.and(UPPER_HALF).reinterpretAsFloats().fma(v1, part1);
                IntVector q2 = IntVector.fromMemorySegment(INTS, w, p2, LITTLE_ENDIAN);
                FloatVector part2 = q2.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum2);
                part2 = q2.and(UPPER_HALF).reinterpretAsFloats().fma(v1, part2);
                IntVector q3 = IntVector.fromMemorySegment(INTS, w, p3, LITTLE_ENDIAN);
                FloatVector part3 = q3.lanewise(LSHL, 16).reinterpretAsFloats().fma(v0, sum3);
                part3 = q3.and(UPPER_HALF).reinterpretAsFloats().fma(v1, part3);
                sum0 = sum4;
                sum1 = sum5;
                sum2 = sum6;
                sum3 = sum7;
                sum4 = part0;
                sum5 = part1;
                sum6 = part2;
                sum7 = part3;
                long next0 = p0 + step;
                long next1 = p1 + step;
                long next2 = p2 + step;
                long next3 = p3 + step;
                p0 = p4;
                p1 = p5;
                p2 = p6;
                p3 = p7;
                p4 = next0;
                p5 = next1;
                p6 = next2;
                p7 = next3;
            }
        }
        sum0.intoArray(work, MARGIN);
        sum1.intoArray(work, MARGIN + LANES);
        sum2.intoArray(work, MARGIN + 2 * LANES);
        sum3.intoArray(work, MARGIN + 3 * LANES);
        sum4.intoArray(work, MARGIN + 4 * LANES);
        sum5.intoArray(work, MARGIN + 5 * LANES);
        sum6.intoArray(work, MARGIN + 6 * LANES);
        sum7.intoArray(work, MARGIN + 7 * LANES);
    }

    @Override
    public float weight(MemorySegment w, long row, int column) {
        return weightByWeight.weight(w, row, column);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        weightByWeight.unpack(w, row, columns, out, o);
    }
}
