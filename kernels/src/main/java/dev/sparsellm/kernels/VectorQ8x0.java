package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.VectorLoads.signed;
import static dev.sparsellm.kernels.VectorLoads.toFloat;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Rows of Q8_0; see {@link ScalarBlocks#q8x0}. */
final class VectorQ8x0 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q8_0;
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
        for (int i = 0; i < 2; i++) { // not two calls: C2 would inline both
            dot2(w, i == 0 ? r0 : r2, i == 0 ? r1 : r3, columns, x, xOffset, work, 2 * i * LANES);
        }
    }

    /** Two rows at a time: of four, C2 did not inline everything, and boxed vectors. */
    private static void dot2(
            MemorySegment w, long r0, long r1, int columns, float[] x, int xOffset, float[] work, int at) {
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        for (int c = 0; c < columns; c += 32) {
            long block = c / 32 * 34L;
            float d0 = half(w, r0 + block);
            float d1 = half(w, r1 + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + i;
                FloatVector v = load(x, xOffset + c + i);
                IntVector q0 = LANES == 4
                        ? signed(w.get(INT, r0 + codes))
                        : signed(ByteVector.fromMemorySegment(BYTES, w, r0 + codes, LITTLE_ENDIAN));
                IntVector q1 = LANES == 4
                        ? signed(w.get(INT, r1 + codes))
                        : signed(ByteVector.fromMemorySegment(BYTES, w, r1 + codes, LITTLE_ENDIAN));
                sum0 = weights(q0, d0).fma(v, sum0);
                sum1 = weights(q1, d1).fma(v, sum1);
            }
        }
        sum0.intoArray(work, at);
        sum1.intoArray(work, at + LANES);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        for (int c = 0; c < columns; c += 32) {
            long block = c / 32 * 34L;
            float d = half(w, row + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + i;
                IntVector q = LANES == 4
                        ? signed(w.get(INT, row + codes))
                        : signed(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                weights(q, d).intoArray(out, o + c + i);
            }
        }
    }

    private static FloatVector weights(IntVector q, float d) {
        return toFloat(q).mul(d);
    }
}
