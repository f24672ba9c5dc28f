package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.sum;
import static dev.sparsellm.kernels.VectorWidth.zero;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Rows of BF16. */
final class VectorBF16 implements VectorFormat {

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
            float[] y,
            int y0,
            int y1,
            int y2,
            int y3) {
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        FloatVector sum2 = zero();
        FloatVector sum3 = zero();
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            long at = 2L * c;
            FloatVector v = load(x, xOffset + c);
            sum0 = VectorLoads.bf16(w, r0 + at).fma(v, sum0);
            sum1 = VectorLoads.bf16(w, r1 + at).fma(v, sum1);
            sum2 = VectorLoads.bf16(w, r2 + at).fma(v, sum2);
            sum3 = VectorLoads.bf16(w, r3 + at).fma(v, sum3);
        }
        y[y0] = sum(sum0) + tail(w, r0, whole, columns, x, xOffset);
        y[y1] = sum(sum1) + tail(w, r1, whole, columns, x, xOffset);
        y[y2] = sum(sum2) + tail(w, r2, whole, columns, x, xOffset);
        y[y3] = sum(sum3) + tail(w, r3, whole, columns, x, xOffset);
    }

    private static float tail(MemorySegment w, long row, int from, int to, float[] x, int xOffset) {
        float sum = 0;
        for (int c = from; c < to; c++) {
            sum += ScalarBlocks.upperHalf(w, row + 2L * c) * x[xOffset + c];
        }
        return sum;
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            VectorLoads.bf16(w, row + 2L * c).intoArray(out, o + c);
        }
        for (int c = whole; c < columns; c++) {
            out[o + c] = ScalarBlocks.upperHalf(w, row + 2L * c);
        }
    }
}
