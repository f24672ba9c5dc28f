package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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

    /** Length of the working memory of {@link #dot4} and {@link #dot8}. */
    int WORK = 8 * LANES + 4 * CHUNK;

    /** What this reads. */
    TensorType type();

    /** Whether some rows may be beyond {@link #dot4}: each must then be looked at once. */
    default boolean hasUnusualRows() {
        return false;
    }

    /** Whether a row has weights that {@link #dot4} would get wrong, so that only {@link #dot4Unpacked} will do. */
    default boolean isUnusual(MemorySegment w, long row, int columns) {
        return false;
    }

    /** Writes {@code columns} weights, whole blocks, that begin at byte {@code row}, to {@code out} from {@code o} on. */
    void unpack(MemorySegment w, long row, int columns, float[] out, int o);

    /**
     * Products of four rows, beginning at bytes r0 to r3, with {@code x[xOffset …]}, as {@link LaneSums} at the
     * beginning of {@code work}: [4][LANES]. Four, because one row after another does not keep memory busy. Rows may
     * coincide, which is how fewer than four are done.
     *
     * <p>Types may save operations by forms of the product that are as exact for finite numbers, but may overflow sooner
     * or yield NaN and infinities in each other's place: callers that find either ask {@link #dot4Unpacked}. Rows must
     * not be {@linkplain #isUnusual unusual}.
     */
    default void dot4(
            MemorySegment w, long r0, long r1, long r2, long r3, int columns, float[] x, int xOffset, float[] work) {
        dot4Unpacked(w, r0, r1, r2, r3, columns, x, xOffset, work);
    }

    /**
     * The same for eight rows, which begin at {@code rows}, with their sums at the beginning of {@code work}, [8][LANES],
     * and the same bits.
     */
    default void dot8(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        int kept = WORK - 4 * LANES;
        for (int i = 4; i >= 0; i -= 4) { // the later ones first; one call in a loop: see below
            dot4(w, rows[i], rows[i + 1], rows[i + 2], rows[i + 3], columns, x, xOffset, work);
            if (i == 4) {
                System.arraycopy(work, 0, work, kept, 4 * LANES);
            }
        }
        System.arraycopy(work, kept, work, 4 * LANES, 4 * LANES);
    }

    /** Bytes from which on a row is so long that {@link #dot8} is faster than {@link #dot4} where all rows are read, too. */
    default long longRow() {
        return Long.MAX_VALUE;
    }

    /**
     * The same as {@link #dot4}, weight by weight: unpacks a chunk of each row and multiplies that. Doing both in one loop is half as
     * fast again, and twice as fast where unpacking is cheap: the types most used override {@link #dot4}.
     */
    default void dot4Unpacked(
            MemorySegment w, long r0, long r1, long r2, long r3, int columns, float[] x, int xOffset, float[] work) {
        int row0 = 4 * LANES; // after the sums
        int row1 = row0 + CHUNK;
        int row2 = row1 + CHUNK;
        int row3 = row2 + CHUNK;
        long chunkBytes = type().rowBytes(CHUNK);
        Arrays.fill(work, 0, row0, 0);
        long at = 0;
        for (int c = 0; c < columns; c += CHUNK, at += chunkBytes) {
            int n = Math.min(CHUNK, columns - c);
            // One call in a loop, not four: where this sees one format only, C2 inlines each, and four are too many.
            for (int r = 0; r < 4; r++) {
                long row = r == 0 ? r0 : r == 1 ? r1 : r == 2 ? r2 : r3;
                unpack(w, row + at, n, work, row0 + r * CHUNK);
            }
            int whole = FLOATS.loopBound(n);
            addProducts(work, row0, row1, row2, row3, whole, x, xOffset + c, work);
            for (int i = whole; i < n; i++) {
                LaneSums.add(work[row0 + i], x[xOffset + c + i], work, i - whole);
                LaneSums.add(work[row1 + i], x[xOffset + c + i], work, i - whole + LANES);
                LaneSums.add(work[row2 + i], x[xOffset + c + i], work, i - whole + 2 * LANES);
                LaneSums.add(work[row3 + i], x[xOffset + c + i], work, i - whole + 3 * LANES);
            }
        }
    }

    /** Adds products of four rows, unpacked one after another, to {@code sums}. */
    private static void addProducts(
            float[] w, int w0, int w1, int w2, int w3, int whole, float[] x, int x0, float[] sums) {
        FloatVector sum00 = load(sums, 0);
        FloatVector sum10 = load(sums, LANES);
        FloatVector sum20 = load(sums, 2 * LANES);
        FloatVector sum30 = load(sums, 3 * LANES);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = load(w, w0 + c);
            FloatVector u1 = load(w, w1 + c);
            FloatVector u2 = load(w, w2 + c);
            FloatVector u3 = load(w, w3 + c);
            FloatVector v0 = load(x, x0 + c);
            sum00 = u0.fma(v0, sum00);
            sum10 = u1.fma(v0, sum10);
            sum20 = u2.fma(v0, sum20);
            sum30 = u3.fma(v0, sum30);
        }
        sum00.intoArray(sums, 0);
        sum10.intoArray(sums, LANES);
        sum20.intoArray(sums, 2 * LANES);
        sum30.intoArray(sums, 3 * LANES);
    }
}
