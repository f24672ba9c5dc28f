package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorLoads.unsigned;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q4_K; see {@link ScalarSuperBlocks#q4k}. */
final class VectorQ4K implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q4_K;
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
        for (int i = 0; i < 4; i++) { // not four calls: C2 would inline all
            dot1(w, i == 0 ? r0 : i == 1 ? r1 : i == 2 ? r2 : r3, columns, x, xOffset, work, MARGIN + i * LANES);
        }
    }

    /** One row at a time: of two, C2 did not inline everything, and boxed vectors. */
    private static void dot1(
            MemorySegment w, long row, int columns, float[] x, int xOffset, float[] work, int at) {
        w = NativeSegments.of(w);
        FloatVector sum = zero();
        for (int c = 0; c < columns; c += 256) {
            long block = c / 256 * 144L;
            int ds = w.get(INT, row + block);
            int six0 = w.get(INT, row + block + 4);
            int six1 = w.get(INT, row + block + 8);
            int six2 = w.get(INT, row + block + 12);
            float d = Float.float16ToFloat((short) ds);
            float dmin = Float.float16ToFloat((short) (ds >> 16));
            long scales = SixBits.scales(six0, six2);
            long minima = SixBits.minima(six1, six2);
            for (int group = 0; group < 8; group++) {
                float scale = d * SixBits.get(scales, group);
                float minimum = dmin * SixBits.get(minima, group);
                for (int i = 0; i < 32; i += LANES) {
                    long codes = block + 16 + 32 * (group >> 1) + i;
                    FloatVector v = load(x, xOffset + c + 32 * group + i);
                    IntVector q = LANES == 4
                            ? unsigned(w.get(INT, row + codes))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                    sum = weights(q, group, scale, minimum).fma(v, sum);
                }
            }
        }
        sum.intoArray(work, at);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 256) {
            long block = c / 256 * 144L;
            int ds = w.get(INT, row + block);
            int six0 = w.get(INT, row + block + 4);
            int six1 = w.get(INT, row + block + 8);
            int six2 = w.get(INT, row + block + 12);
            float d = Float.float16ToFloat((short) ds);
            float dmin = Float.float16ToFloat((short) (ds >> 16));
            long scales = SixBits.scales(six0, six2);
            long minima = SixBits.minima(six1, six2);
            for (int group = 0; group < 8; group++) {
                float scale = d * SixBits.get(scales, group);
                float minimum = dmin * SixBits.get(minima, group);
                for (int i = 0; i < 32; i += LANES) {
                    long codes = block + 16 + 32 * (group >> 1) + i;
                    IntVector q = LANES == 4
                            ? unsigned(w.get(INT, row + codes))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                    weights(q, group, scale, minimum).intoArray(out, o + c + 32 * group + i);
                }
            }
        }
    }

    private static FloatVector weights(IntVector q, int group, float scale, float minimum) {
        return ((FloatVector) q.lanewise(VectorOperators.LSHR, 4 * (group & 1)).and(15).convert(I2F, 0)).mul(scale).sub(minimum);
    }
}
