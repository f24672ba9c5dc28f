package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.VectorLoads.BIT_TO_TOP;
import static dev.sparsellm.kernels.VectorLoads.unsigned;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q5_0; see {@link ScalarBlocks#q5x0}. */
final class VectorQ5x0 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q5_0;
    }

    /** Low nibbles are weights up to 15, high ones from 16 on. Written out: see {@link VectorFormat} on calls. */
    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 32) {
            long block = c / 32 * 22L;
            float d = half(w, row + block);
            int high = w.get(INT, row + block + 2);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 6 + (i & 15);
                IntVector q = LANES == 4
                        ? unsigned(w.get(INT, row + codes))
                        : (IntVector) ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
                IntVector fifth = IntVector.broadcast(INTS, high >>> i)
                        .mul(IntVector.fromArray(INTS, BIT_TO_TOP, 0))
                        .lanewise(VectorOperators.LSHR, 27)
                        .and(16);
                IntVector low = q.lanewise(VectorOperators.LSHR, i >> 2 & 4).and(15);
                ((FloatVector) low.or(fifth).sub(16).convert(I2F, 0))
                        .mul(d)
                        .intoArray(out, o + c + i);
            }
        }
    }
}
