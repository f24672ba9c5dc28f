package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.ScalarBlocks.half;
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
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q6_K; see {@link ScalarSuperBlocks#q6k}. */
final class VectorQ6K implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q6_K;
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
            long block = c / 256 * 210L;
            float d = half(w, row + block + 208);
            for (int group = 0; group < 16; group++) {
                float scale = d * w.get(ValueLayout.JAVA_BYTE, row + block + 192 + group);
                for (int i = 0; i < 16; i += LANES) {
                    long nibbles = block + 64 * (group >> 3) + 16 * (group & 3) + i;
                    long pairs = block + 128 + 32 * (group >> 3) + 16 * (group & 1) + i;
                    FloatVector v = load(x, xOffset + c + 16 * group + i);
                    IntVector low = LANES == 4
                            ? unsigned(w.get(INT, row + nibbles))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + nibbles, LITTLE_ENDIAN));
                    IntVector high = LANES == 4
                            ? unsigned(w.get(INT, row + pairs))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + pairs, LITTLE_ENDIAN));
                    sum = weights(low, high, group, scale).fma(v, sum);
                }
            }
        }
        sum.intoArray(work, at);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 256) {
            long block = c / 256 * 210L;
            float d = half(w, row + block + 208);
            for (int group = 0; group < 16; group++) {
                float scale = d * w.get(ValueLayout.JAVA_BYTE, row + block + 192 + group);
                for (int i = 0; i < 16; i += LANES) {
                    long nibbles = block + 64 * (group >> 3) + 16 * (group & 3) + i;
                    long pairs = block + 128 + 32 * (group >> 3) + 16 * (group & 1) + i;
                    IntVector low = LANES == 4
                            ? unsigned(w.get(INT, row + nibbles))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + nibbles, LITTLE_ENDIAN));
                    IntVector high = LANES == 4
                            ? unsigned(w.get(INT, row + pairs))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + pairs, LITTLE_ENDIAN));
                    weights(low, high, group, scale).intoArray(out, o + c + 16 * group + i);
                }
            }
        }
    }

    private static FloatVector weights(IntVector low, IntVector high, int group, float scale) {
        low = low.lanewise(VectorOperators.LSHR, group & 4).and(15);
        high = high.lanewise(VectorOperators.LSHR, group & 6).and(3).lanewise(VectorOperators.LSHL, 4);
        return ((FloatVector) low.or(high).sub(32).convert(I2F, 0)).mul(scale);
    }
}
