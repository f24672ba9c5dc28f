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

/** Rows of Q4_1; see {@link ScalarBlocks#q4x1}. */
final class VectorQ4x1 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q4_1;
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 32) {
            long block = c / 32 * 20L;
            float d = half(w, row + block);
            float m = half(w, row + block + 2);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 4 + (i & 15);
                IntVector q = LANES == 4
                        ? unsigned(w.get(INT, row + codes))
                        : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                weights(q, i, d, m).intoArray(out, o + c + i);
            }
        }
    }

    /** Weights i to i + LANES of the block: low nibbles up to 15, high ones from 16 on. */
    private static FloatVector weights(IntVector q, int i, float d, float m) {
        return ((FloatVector) q.lanewise(VectorOperators.LSHR, i >> 2 & 4).and(15).convert(I2F, 0)).mul(d).add(m);
    }
}
