package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.VectorLoads.unsigned;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q3_K; see {@link ScalarSuperBlocks#q3k}. */
final class VectorQ3K implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q3_K;
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 256) {
            long block = c / 256 * 110L;
            float d = half(w, row + block + 108);
            for (int group = 0; group < 16; group++) {
                float scale = d * (ScalarSuperBlocks.q3kScale(w, row + block + 96, group) - 32);
                for (int i = 0; i < 16; i += LANES) {
                    long codes = block + 32 + 32 * (group >> 3) + 16 * (group & 1) + i;
                    long thirds = block + 16 * (group & 1) + i;
                    IntVector low = LANES == 4
                            ? unsigned(w.get(INT, row + codes))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                    IntVector high = LANES == 4
                            ? unsigned(w.get(INT, row + thirds))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + thirds, LITTLE_ENDIAN));
                    weights(low, high, group, scale).intoArray(out, o + c + 16 * group + i);
                }
            }
        }
    }

    private static FloatVector weights(IntVector low, IntVector high, int group, float scale) {
        low = low.lanewise(VectorOperators.LSHR, group & 6).and(3);
        high = high.lanewise(VectorOperators.LSHR, group >> 1).and(1).lanewise(VectorOperators.LSHL, 2);
        return ((FloatVector) low.or(high).sub(4).convert(I2F, 0)).mul(scale);
    }
}
