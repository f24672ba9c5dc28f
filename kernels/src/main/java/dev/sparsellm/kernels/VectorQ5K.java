package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
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

/** Rows of Q5_K; see {@link ScalarSuperBlocks#q5k}. */
final class VectorQ5K implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q5_K;
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 256) {
            long block = c / 256 * 176L;
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
                    long codes = block + 48 + 32 * (group >> 1) + i;
                    long fifths = block + 16 + i;
                    IntVector low = LANES == 4
                            ? unsigned(w.get(INT, row + codes))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                    IntVector high = LANES == 4
                            ? unsigned(w.get(INT, row + fifths))
                            : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + fifths, LITTLE_ENDIAN));
                    weights(low, high, group, scale, minimum).intoArray(out, o + c + 32 * group + i);
                }
            }
        }
    }

    private static FloatVector weights(IntVector low, IntVector high, int group, float scale, float minimum) {
        low = low.lanewise(VectorOperators.LSHR, 4 * (group & 1)).and(15);
        high = high.lanewise(VectorOperators.LSHR, group).and(1).lanewise(VectorOperators.LSHL, 4);
        return ((FloatVector) low.or(high).convert(I2F, 0)).mul(scale).sub(minimum);
    }
}
