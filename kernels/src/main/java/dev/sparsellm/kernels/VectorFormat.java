package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Vector code for one way of storing weights. {@link #unpack} makes the exact F32 value of each weight, the same bits as
 * {@link ScalarBlocks}, and all products are {@link LaneSums}: those of one row with one x have the same bits whichever
 * range of rows or list of rows they come from.
 *
 * <p>Kernels of four rows are written out, without calls to methods of ours. C2 makes about 500 nodes of each operation
 * on a vector, 4,400 of one row of Q8_0, and at 18,000 nodes it stops inlining methods that the JDK has not marked for
 * it; the Vector API's own it puts off, to give up on them, too, where more than 40,000 nodes are alive then. One small
 * helper too many, or one row, and vectors are boxed, for a tenth of the speed: sometimes only, since nodes depend on
 * what else the JVM has seen. {@code KernelSizeTest} counts them.
 */
interface VectorFormat {

    /** Columns unpacked at a time by {@link #dot4Unpacked}: four rows of them and of x stay in the first-level cache. */
    int CHUNK = 256;

    /** Length of the working memory of {@link #dot4Unpacked} and {@link #fourBySteps}. */
    int WORK = MARGIN + 4 * LANES + 4 * CHUNK;

    /** What this reads. */
    TensorType type();

    /** Writes {@code columns} weights, whole blocks, that begin at byte {@code row}, to {@code out} from {@code o} on. */
    void unpack(MemorySegment w, long row, int columns, float[] out, int o);

    /** Length of the working memory of {@link #dot4}. */
    default int workOfFour() {
        return WORK;
    }

    /**
     * Products of four rows, beginning at bytes r0 to r3, with {@code x[xOffset …]}, as {@link LaneSums}: [4][LANES] from
     * {@code work[Scratch.MARGIN]} on. Four, because one row after another does not keep memory busy. Rows may coincide,
     * which is how fewer than four are done.
     *
     * <p>Types may save operations by forms of the product that are as exact for finite numbers, but may overflow sooner
     * or yield NaN and infinities in each other's place: callers that find either ask {@link #dot4Unpacked}.
     */
    default void dot4(
            MemorySegment w, long r0, long r1, long r2, long r3, int columns, float[] x, int xOffset, float[] work) {
        dot4Unpacked(w, r0, r1, r2, r3, columns, x, xOffset, work);
    }

    /**
     * How rows are multiplied with one x: of several ways, the one that {@link WayTrial} finds to be the fastest, the first as long as
     * that is open. Blocks are ascending.
     */
    default List<Way> ways() {
        return List.of(Way.whole(false));
    }

    /** Columns of a step of {@link #fourBySteps}: a block, or a vector, or two. */
    default int columnsOfStep() {
        return Math.max(type().blockSize(), LANES);
    }

    /** Whether there is {@link #eightBySteps}. */
    default boolean takesEight() {
        return false;
    }

    /**
     * Whether {@link #fourBySteps} makes finite numbers of weights that are not: rows that have any are not to be trusted then. For
     * types without blocks, of 16 bits.
     */
    default boolean hidesInfinities() {
        return false;
    }

    /** Floats that {@link #prepare} makes of so many of x; 0 where {@link #fourBySteps} takes x as it is. */
    default int preparedFloats(int columns) {
        return 0;
    }

    /** Makes of x what {@link #fourBySteps} takes, where that is something else: once for all rows. */
    default void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        throw new UnsupportedOperationException(type() + " takes x as it is");
    }

    /**
     * The same as {@link #dot4} for rows that begin at {@code starts}, from {@link Scratch#MARGIN} on, step by step. Trusted as
     * {@link #dot4} is.
     *
     * <p>Where in a row its steps begin is a product of a variable, for C2 not to know that it stays within the row. Otherwise it
     * would check indices before the loop in place of in it, by some 400 instructions for each row, which neither load
     * memory nor let loads behind them begin: rows of 2 KB took 1.3 times as long. (Looked up in an array, in place of multiplied: one
     * register more, 1.0 to 1.09 times as long. Added to step by step, as at 256 bits, it is a variable, too.)
     *
     * @param step bytes of a step: a block, or a vector
     * @param count steps; columns beyond are for the caller to add, by {@link #weight}
     * @param x from {@code xOffset} on, or what {@link #prepare} made of it
     */
    default void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        throw new UnsupportedOperationException(type() + " has no kernel by steps");
    }

    /** The same for eight rows, as [8][LANES] from {@code work[Scratch.MARGIN]} on. */
    default void eightBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        throw new UnsupportedOperationException(type() + " has no kernel for eight rows");
    }

    /** A single weight of a row that begins at byte {@code row}; for types without blocks. */
    default float weight(MemorySegment w, long row, int column) {
        throw new UnsupportedOperationException(type() + " has no weight that stands alone");
    }

    /**
     * The same as {@link #dot4}, weight by weight: unpacks a chunk of each row and multiplies that. Doing both in one loop
     * is half as fast again, and twice as fast where unpacking is cheap: the types most used override {@link #dot4}.
     */
    default void dot4Unpacked(
            MemorySegment w, long r0, long r1, long r2, long r3, int columns, float[] x, int xOffset, float[] work) {
        int rows = MARGIN + 4 * LANES; // after the sums
        long chunkBytes = type().rowBytes(CHUNK);
        Arrays.fill(work, MARGIN, rows, 0);
        long at = 0;
        for (int c = 0; c < columns; c += CHUNK, at += chunkBytes) {
            int n = Math.min(CHUNK, columns - c);
            // One call in a loop, not four: where this sees one format only, C2 inlines each, and four are too many.
            for (int r = 0; r < 4; r++) {
                long row = r == 0 ? r0 : r == 1 ? r1 : r == 2 ? r2 : r3;
                unpack(w, row + at, n, work, rows + r * CHUNK);
            }
            addProducts(work, rows, CHUNK, n, x, xOffset + c, work);
        }
    }

    /** Adds products of x with n columns of four unpacked rows, which begin {@code apart} from each other, to sums. */
    static void addProducts(float[] w, int rows, int apart, int n, float[] x, int x0, float[] sums) {
        int whole = FLOATS.loopBound(n);
        addWhole(w, rows, rows + apart, rows + 2 * apart, rows + 3 * apart, whole, x, x0, sums);
        for (int r = 0; r < 4; r++) {
            for (int c = whole; c < n; c++) {
                LaneSums.add(w[rows + r * apart + c], x[x0 + c], sums, MARGIN + r * LANES + c - whole);
            }
        }
    }

    private static void addWhole(
            float[] w, int w0, int w1, int w2, int w3, int whole, float[] x, int x0, float[] sums) {
        FloatVector sum00 = FloatVector.fromArray(FLOATS, sums, MARGIN);
        FloatVector sum10 = FloatVector.fromArray(FLOATS, sums, MARGIN + LANES);
        FloatVector sum20 = FloatVector.fromArray(FLOATS, sums, MARGIN + 2 * LANES);
        FloatVector sum30 = FloatVector.fromArray(FLOATS, sums, MARGIN + 3 * LANES);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = FloatVector.fromArray(FLOATS, w, w0 + c);
            FloatVector u1 = FloatVector.fromArray(FLOATS, w, w1 + c);
            FloatVector u2 = FloatVector.fromArray(FLOATS, w, w2 + c);
            FloatVector u3 = FloatVector.fromArray(FLOATS, w, w3 + c);
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, x0 + c);
            sum00 = u0.fma(v0, sum00);
            sum10 = u1.fma(v0, sum10);
            sum20 = u2.fma(v0, sum20);
            sum30 = u3.fma(v0, sum30);
        }
        sum00.intoArray(sums, MARGIN);
        sum10.intoArray(sums, MARGIN + LANES);
        sum20.intoArray(sums, MARGIN + 2 * LANES);
        sum30.intoArray(sums, MARGIN + 3 * LANES);
    }
}
