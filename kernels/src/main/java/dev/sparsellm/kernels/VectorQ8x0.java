package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.sum;
import static dev.sparsellm.kernels.VectorWidth.zero;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Rows of Q8_0; see {@link ScalarBlocks#q8x0}. */
final class VectorQ8x0 implements VectorFormat {

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
        for (int c = 0; c < columns; c += 32) {
            long block = c / 32 * 34L;
            float d0 = half(w, r0 + block);
            float d1 = half(w, r1 + block);
            float d2 = half(w, r2 + block);
            float d3 = half(w, r3 + block);
            for (int i = 0; i < 32; i += LANES) {
                FloatVector v = load(x, xOffset + c + i);
                sum0 = weights(w, r0 + block, i, d0).fma(v, sum0);
                sum1 = weights(w, r1 + block, i, d1).fma(v, sum1);
                sum2 = weights(w, r2 + block, i, d2).fma(v, sum2);
                sum3 = weights(w, r3 + block, i, d3).fma(v, sum3);
            }
        }
        y[y0] = sum(sum0);
        y[y1] = sum(sum1);
        y[y2] = sum(sum2);
        y[y3] = sum(sum3);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        for (int c = 0; c < columns; c += 32) {
            long block = row + c / 32 * 34L;
            float d = half(w, block);
            for (int i = 0; i < 32; i += LANES) {
                weights(w, block, i, d).intoArray(out, o + c + i);
            }
        }
    }

    /** Weights i to i + LANES of the block. */
    private static FloatVector weights(MemorySegment w, long block, int i, float d) {
        return VectorLoads.toFloat(VectorLoads.signedBytes(w, block + 2 + i)).mul(d);
    }
}
