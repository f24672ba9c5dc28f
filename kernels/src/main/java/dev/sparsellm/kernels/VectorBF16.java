package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorLoads.bf16;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** Rows of BF16. */
final class VectorBF16 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.BF16;
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.whole(true));
    }

    @Override
    public boolean takesEight() {
        return true;
    }

    /** Written out: see {@link VectorFormat} on calls. */
    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long r0 = starts[MARGIN];
        long r1 = starts[MARGIN + 1];
        long r2 = starts[MARGIN + 2];
        long r3 = starts[MARGIN + 3];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long at = i * step;
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + LANES * i);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
        }
        sum0.intoArray(work, MARGIN);
        sum1.intoArray(work, MARGIN + LANES);
        sum2.intoArray(work, MARGIN + 2 * LANES);
        sum3.intoArray(work, MARGIN + 3 * LANES);
    }

    @Override
    public void eightBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long r0 = starts[MARGIN];
        long r1 = starts[MARGIN + 1];
        long r2 = starts[MARGIN + 2];
        long r3 = starts[MARGIN + 3];
        long r4 = starts[MARGIN + 4];
        long r5 = starts[MARGIN + 5];
        long r6 = starts[MARGIN + 6];
        long r7 = starts[MARGIN + 7];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector sum4 = FloatVector.zero(FLOATS);
        FloatVector sum5 = FloatVector.zero(FLOATS);
        FloatVector sum6 = FloatVector.zero(FLOATS);
        FloatVector sum7 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long at = i * step;
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + LANES * i);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
            sum4 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r4 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum4);
            sum5 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r5 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum5);
            sum6 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r6 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum6);
            sum7 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r7 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum7);
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
        return ScalarBlocks.upperHalf(w, row + 2L * column);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            bf16(ShortVector.fromMemorySegment(SHORTS, w, row + 2L * c, LITTLE_ENDIAN)).intoArray(out, o + c);
        }
        for (int c = whole; c < columns; c++) {
            out[o + c] = ScalarBlocks.upperHalf(w, row + 2L * c);
        }
    }
}
