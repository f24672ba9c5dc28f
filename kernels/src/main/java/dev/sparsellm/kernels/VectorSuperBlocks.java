package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.IntsAsFloats.UNIT;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Rows of types of blocks of 256, by vectors of 256 bits: what all of them have in common. Codes are multiplied where they are in their
 * int, see {@link BytesOfInts}, and scales applied once for a group; what minima take off, or codes being too large by a constant, is a
 * product with Σ x of each group. How a block of each type comes to that is in its {@link Blocks}.
 */
final class VectorSuperBlocks implements VectorFormat {

    /** In the working memory, after the sums: scales of a block of each of the four rows. */
    static final int SCALES = MARGIN + 4 * LANES;

    /** Weights of a block. */
    static final int WEIGHTS = 256;

    private final Blocks blocks;
    private final VectorFormat weightByWeight;

    VectorSuperBlocks(Blocks blocks) {
        this.blocks = blocks;
        weightByWeight = blocks.weightByWeight();
    }

    /** The blocks of one type. */
    interface Blocks {

        /** Reads the same type. */
        VectorFormat weightByWeight();

        /** Groups of a block, each with a scale of its own. */
        int groups();

        /** What Σ x of a group is prepared times: −1 for minima, or what is to be added to codes. */
        float timesSum();

        /** Where among those of a block Σ x of a group is prepared. */
        default int placeOfSum(int group) {
            return group;
        }

        /**
         * Adds what four rows that begin at {@code starts}, from {@link Scratch#MARGIN} on, come to, in units of 1 / {@link
         * IntsAsFloats#UNIT}, to the sums, [4][LANES] from {@code work[Scratch.MARGIN]} on.
         *
         * @param step bytes of a block
         * @param count blocks of each row
         * @param x prepared, for each block {@link #stride} numbers
         */
        void add(MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work);
    }

    /** Prepared numbers of a block: x of its codes, then one for each group. */
    static int stride(int groups) {
        return WEIGHTS + groups;
    }

    @Override
    public TensorType type() {
        return weightByWeight.type();
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.whole(true));
    }

    @Override
    public int preparedFloats(int columns) {
        return columns / WEIGHTS * stride(blocks.groups());
    }

    /** For every 32 weights {@link BytesOfInts}; after those of a block, for each group, Σ x times {@link Blocks#timesSum}. */
    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        int groups = blocks.groups();
        int weightsOfGroup = WEIGHTS / groups;
        for (int block = 0; block < columns / WEIGHTS; block++) {
            int at = stride(groups) * block;
            int from = xOffset + WEIGHTS * block;
            for (int c = 0; c < WEIGHTS; c += 32) {
                BytesOfInts.lay(x, from + c, prepared, at + c);
            }
            for (int group = 0; group < groups; group++) {
                float sum = VectorQ4x0.sum(x, from + weightsOfGroup * group, weightsOfGroup);
                prepared[at + WEIGHTS + blocks.placeOfSum(group)] = blocks.timesSum() / UNIT * sum;
            }
        }
    }

    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        for (int r = 0; r < 4; r++) {
            FloatVector.zero(FLOATS).intoArray(work, MARGIN + r * LANES);
        }
        blocks.add(w, starts, step, count, x, xOffset, work);
        for (int r = 0; r < 4; r++) {
            FloatVector.fromArray(FLOATS, work, MARGIN + r * LANES).mul(UNIT).intoArray(work, MARGIN + r * LANES);
        }
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        weightByWeight.unpack(w, row, columns, out, o);
    }
}
