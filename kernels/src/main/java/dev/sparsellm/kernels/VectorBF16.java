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
    public boolean takesSteps() {
        return true;
    }

    /** Written out: see {@link VectorFormat} on calls. */
    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, int[] offsets, int count, float[] x, int xOffset, float[] work) {
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
            long at = offsets[i];
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
