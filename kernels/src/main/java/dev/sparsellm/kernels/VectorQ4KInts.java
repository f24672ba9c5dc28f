package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.IntsAsFloats.TO_FLOAT;
import static dev.sparsellm.kernels.IntsAsFloats.UNIT;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of Q4_K by vectors of 256 bits. A group's 32 codes are halves of the bytes of one vector of ints; each is multiplied where it is,
 * see {@link BytesOfInts}, and the group's scale is applied once. What minima take off is their product with Σ x of each group.
 */
final class VectorQ4KInts implements VectorFormat {

    /** Prepared numbers of a block: x of 256 codes, then 8 for its groups. */
    private static final int STRIDE = 264;

    /** In the working memory, after the sums: scales, [4][8]. */
    private static final int SCALES = MARGIN + 4 * LANES;

    private final VectorQ4K weightByWeight = new VectorQ4K();

    @Override
    public TensorType type() {
        return TensorType.Q4_K;
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.whole(true));
    }

    @Override
    public int preparedFloats(int columns) {
        return columns / 256 * STRIDE;
    }

    /** For every 32 weights {@link BytesOfInts}; after them, for each group, −Σ x, in the lanes of {@link SixBitScales}. */
    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        for (int block = 0; block < columns / 256; block++) {
            int at = STRIDE * block;
            int from = xOffset + 256 * block;
            BytesOfInts.layBlock(x, from, prepared, at);
            for (int group = 0; group < 8; group++) {
                prepared[at + 256 + SixBitScales.lane(group)] = -1 / UNIT * VectorQ4x0.sum32(x, from + 32 * group);
            }
        }
    }

    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        for (int r = 0; r < 4; r++) {
            FloatVector.zero(FLOATS).intoArray(work, MARGIN + r * LANES);
        }
        for (int i = 0; i < count; i++) {
            int at = xOffset + STRIDE * i;
            SixBitScales.unpack(w, starts, i * step, x, at + 256, work, SCALES);
            addProducts(w, starts, i * step, x, at, work);
        }
        for (int r = 0; r < 4; r++) {
            FloatVector.fromArray(FLOATS, work, MARGIN + r * LANES).mul(UNIT).intoArray(work, MARGIN + r * LANES);
        }
    }

    /**
     * Adds to sums, in memory, what a block of each row comes to, group by group of the four rows: registers are too few for four
     * sums beside x and masks, and a loop over rows is 10,500 of C2's nodes, where two rows written out that take turns are 22,700. From memory, two
     * threads, AMD Zen 3, 2.2 times as fast as weight by weight, one row after the other (two rows by turns 2.1, a row at a time 2.1, listed rows
     * 1.5 or so).
     *
     * <p>The first product is a multiply-add, too: a multiplication alone of a denormal number is slow on Zen 3, 0.6 of the speed of all this.
     */
    private static void addProducts(MemorySegment w, long[] starts, long block, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int group = 0; group < 8; group++) {
            int at = xOffset + 32 * group;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, at);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, at + 8);
            FloatVector v2 = FloatVector.fromArray(FLOATS, x, at + 16);
            FloatVector v3 = FloatVector.fromArray(FLOATS, x, at + 24);
            for (int r = 0; r < 4; r++) {
                long codes = starts[MARGIN + r] + block + 16 + 32 * (group >> 1);
                IntVector q = IntVector.fromMemorySegment(INTS, w, codes, LITTLE_ENDIAN).lanewise(LSHR, 4 * (group & 1));
                FloatVector part = ((FloatVector) q.and(15).convert(TO_FLOAT, 0)).fma(v0, zero);
                part = ((FloatVector) q.and(15 << 8).convert(TO_FLOAT, 0)).fma(v1, part);
                part = ((FloatVector) q.and(15 << 16).convert(TO_FLOAT, 0)).fma(v2, part);
                part = ((FloatVector) q.lanewise(LSHR, 24).and(15).convert(TO_FLOAT, 0)).fma(v3, part);
                part.fma(FloatVector.broadcast(FLOATS, work[SCALES + 8 * r + SixBitScales.lane(group)]), FloatVector.fromArray(FLOATS, work, MARGIN + r * LANES))
                        .intoArray(work, MARGIN + r * LANES);
            }
        }
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        weightByWeight.unpack(w, row, columns, out, o);
    }
}
