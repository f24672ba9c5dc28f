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
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q2_K; see {@link ScalarSuperBlocks#q2k}. */
final class VectorQ2K implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q2_K;
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 256) {
            long block = c / 256 * 84L;
            float d = half(w, row + block + 80);
            float dmin = half(w, row + block + 82);
            for (int group = 0; group < 16; group++) {
                int scales = w.get(ValueLayout.JAVA_BYTE, row + block + group);
                float scale = d * (scales & 15);
                float minimum = dmin * (scales >> 4 & 15);
                for (int i = 0; i < 16; i += LANES) {
                    long codes = block + 16 + 32 * (group >> 3) + 16 * (group & 1) + i;
                    IntVector q = LANES == 4
                            ? unsigned(w.get(INT, row + codes))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                    weights(q, group, scale, minimum).intoArray(out, o + c + 16 * group + i);
                }
            }
        }
    }

    private static FloatVector weights(IntVector q, int group, float scale, float minimum) {
        return ((FloatVector) q.lanewise(VectorOperators.LSHR, group & 6).and(3).convert(I2F, 0)).mul(scale).sub(minimum);
    }
}
