package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.VectorLoads.toFloat;
import static dev.sparsellm.kernels.VectorLoads.unsigned;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q4_0; see {@link ScalarBlocks#q4x0}. */
final class VectorQ4x0 implements VectorFormat {

    /** The high nibble of a byte. */
    static final IntVector HIGH = IntVector.broadcast(INTS, 0xf0);

    @Override
    public TensorType type() {
        return TensorType.Q4_0;
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
        if (LANES == 16) {
            four(w, r0, r1, r2, r3, columns, x, xOffset, work);
        } else {
            for (int i = 0; i < 2; i++) { // not two calls: C2 would inline both
                two(w, i == 0 ? r0 : r2, i == 0 ? r1 : r3, columns, x, xOffset, work, 2 * i * LANES);
            }
        }
    }

    /**
     * Four rows, the scale applied once for a block. Of a byte b = low + 16 · high,
     *
     * <pre>low · x0 + high · x1 − 8 · (x0 + x1) = b · x0 + 16 high · (x1 / 16 − x0) − 8 · (x0 + x1),</pre>
     *
     * which saves the mask for the low nibbles. This is limited by arithmetic: of the vector instructions, 13 for 32
     * weights as unpacked, 8 are left, and 1.4 times the speed. Rounding differs from unpacked products'; infinities
     * become NaN. Written out: see {@link VectorFormat} on calls.
     */
    private static void four(
            MemorySegment w, long r0, long r1, long r2, long r3, int columns, float[] x, int xOffset, float[] work) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long at = b * 18L;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32 + 16);
            FloatVector zero = v0.add(v1).mul(-8f);
            FloatVector u1 = v1.mul(0.0625f).sub(v0);
            IntVector both0 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r0 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part0 = ((FloatVector) both0.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
            sum0 = ((FloatVector) both0.and(HIGH).convertShape(I2F, FLOATS, 0))
                    .fma(u1, part0)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r0 + at))), sum0);
            IntVector both1 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r1 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part1 = ((FloatVector) both1.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
            sum1 = ((FloatVector) both1.and(HIGH).convertShape(I2F, FLOATS, 0))
                    .fma(u1, part1)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r1 + at))), sum1);
            IntVector both2 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r2 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part2 = ((FloatVector) both2.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
            sum2 = ((FloatVector) both2.and(HIGH).convertShape(I2F, FLOATS, 0))
                    .fma(u1, part2)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r2 + at))), sum2);
            IntVector both3 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r3 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part3 = ((FloatVector) both3.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
            sum3 = ((FloatVector) both3.and(HIGH).convertShape(I2F, FLOATS, 0))
                    .fma(u1, part3)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r3 + at))), sum3);
        }
        sum0.intoArray(work, 0);
        sum1.intoArray(work, LANES);
        sum2.intoArray(work, 2 * LANES);
        sum3.intoArray(work, 3 * LANES);
    }

    private static void two(
            MemorySegment w, long r0, long r1, int columns, float[] x, int xOffset, float[] work, int at) {
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long block = b * 18L;
            float d0 = half(w, r0 + block);
            float d1 = half(w, r1 + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + (i & 15);
                FloatVector v = load(x, xOffset + 32 * b + i);
                IntVector q0 = LANES == 4
                        ? unsigned(w.get(INT, r0 + codes))
                        : unsigned(ByteVector.fromMemorySegment(BYTES, w, r0 + codes, LITTLE_ENDIAN));
                IntVector q1 = LANES == 4
                        ? unsigned(w.get(INT, r1 + codes))
                        : unsigned(ByteVector.fromMemorySegment(BYTES, w, r1 + codes, LITTLE_ENDIAN));
                sum0 = weights(q0, i, d0).fma(v, sum0);
                sum1 = weights(q1, i, d1).fma(v, sum1);
            }
        }
        sum0.intoArray(work, at);
        sum1.intoArray(work, at + LANES);
    }

    @Override
    public void dot8(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        if (LANES == 16) {
            VectorEightRows.q4x0(w, rows, columns, x, xOffset, work);
        } else {
            VectorFormat.super.dot8(w, rows, columns, x, xOffset, work);
        }
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        for (int c = 0; c < columns; c += 32) {
            long block = c / 32 * 18L;
            float d = half(w, row + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + (i & 15);
                IntVector q = LANES == 4
                        ? unsigned(w.get(INT, row + codes))
                        : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                weights(q, i, d).intoArray(out, o + c + i);
            }
        }
    }

    /** Weights i to i + LANES of the block: low nibbles up to 15, high ones from 16 on. */
    private static FloatVector weights(IntVector q, int i, float d) {
        return toFloat(q.lanewise(VectorOperators.LSHR, i >> 2 & 4).and(15).sub(8)).mul(d);
    }
}
