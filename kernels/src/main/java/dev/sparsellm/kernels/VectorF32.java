package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.store;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Rows of F32. */
final class VectorF32 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.F32;
    }

    @Override
    public void dot4(
            MemorySegment w,
            long r0,
            long r1,
            long r2,
            long r3,
            int columns,
            float[] x,
            int xOffset,
            float[] work) {
        w = NativeSegments.of(w);
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        FloatVector sum2 = zero();
        FloatVector sum3 = zero();
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            long at = 4L * c;
            FloatVector v = load(x, xOffset + c);
            sum0 = FloatVector.fromMemorySegment(FLOATS, w, r0 + at, LITTLE_ENDIAN).fma(v, sum0);
            sum1 = FloatVector.fromMemorySegment(FLOATS, w, r1 + at, LITTLE_ENDIAN).fma(v, sum1);
            sum2 = FloatVector.fromMemorySegment(FLOATS, w, r2 + at, LITTLE_ENDIAN).fma(v, sum2);
            sum3 = FloatVector.fromMemorySegment(FLOATS, w, r3 + at, LITTLE_ENDIAN).fma(v, sum3);
        }
        store(sum0, sum1, sum2, sum3, work);
        for (int c = whole; c < columns; c++) {
            long at = 4L * c;
            LaneSums.add(ScalarBlocks.single(w, r0 + at), x[xOffset + c], work, MARGIN + c - whole);
            LaneSums.add(ScalarBlocks.single(w, r1 + at), x[xOffset + c], work, MARGIN + c - whole + LANES);
            LaneSums.add(ScalarBlocks.single(w, r2 + at), x[xOffset + c], work, MARGIN + c - whole + 2 * LANES);
            LaneSums.add(ScalarBlocks.single(w, r3 + at), x[xOffset + c], work, MARGIN + c - whole + 3 * LANES);
        }
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector.fromMemorySegment(FLOATS, w, row + 4L * c, LITTLE_ENDIAN).intoArray(out, o + c);
        }
        for (int c = whole; c < columns; c++) {
            out[o + c] = ScalarBlocks.single(w, row + 4L * c);
        }
    }
}
