package dev.sparsellm.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows of x that are multiplied with the same weights, laid out as kernels read them: in groups of as many rows as two
 * vectors hold, each group column by column, so that a column of a group is contiguous. {@link #begin} it, {@link #lay}
 * all columns, then multiply as often as need be: {@link RowProduct#multiply(BatchedInput, float[], int, int, int,
 * Scratch)}. The memory stays for the next batch.
 *
 * <p>Threads may lay disjoint ranges of columns at the same time, and multiply at the same time; that all columns have
 * been laid before is for the caller to see to.
 */
public final class BatchedInput {

    /**
     * Rows of x from which on laying them out pays. Fewer are multiplied one after another, with weights that the first
     * one has brought into the cache: two in 1.5 times the time of one, where a group of two costs as much as one of 16.
     */
    public static final int FEWEST = 6;

    /** Columns laid at a time, so that what one row writes is still in the first-level cache when the next one comes. */
    private static final int CHUNK = 128;

    /** Bytes of a line of the cache. */
    private static final int LINE = 64;

    private final int width;
    private final int narrowWidth;
    private final int lanes;
    private int batch;
    private int columns;

    /**
     * [groups][columns][places], not on the heap, where arrays begin at any multiple of 8 bytes: a vector of 64 bytes that
     * lies across two lines of the cache takes two loads, and products of prompts 1.1 times as long.
     */
    private MemorySegment data = MemorySegment.NULL;

    /**
     * @param width rows of a group
     * @param narrowWidth places of a last group that has no more rows than this
     * @param lanes of a vector, to which both are multiples; 1 for scalar kernels
     */
    BatchedInput(int width, int narrowWidth, int lanes) {
        this.lanes = lanes;
        this.width = width;
        this.narrowWidth = narrowWidth;
    }

    /** Whether a batch should be laid out: {@link #FEWEST} rows and more. */
    public static boolean pays(int batch) {
        return batch >= FEWEST;
    }

    /** Makes room for {@code batch} rows of {@code columns} each, of undefined content. */
    public void begin(int batch, int columns) {
        this.batch = batch;
        this.columns = columns;
        long bytes = 4L * Math.multiplyExact(places(), columns);
        if (data.byteSize() < bytes) {
            data = Arena.ofAuto().allocate(bytes, LINE);
        }
    }

    /** Takes columns [from, to) of all rows of {@code x}, {@code [batch][columns]}. */
    public void lay(float[] x, int from, int to, Scratch scratch) {
        Ranges.check(from, to, columns, "columns");
        for (int first = 0; first < batch; first += width) {
            int places = placesOfGroup(first);
            int whole = lanes == 1 ? 0 : Math.min(places, batch - first) / lanes * lanes;
            for (int c = from; c < to; c += CHUNK) {
                int end = Math.min(to, c + CHUNK);
                int inSquares = c + (end - c) / lanes * lanes;
                for (int b = 0; b < whole; b += lanes) {
                    laySquares(x, first, b, places, c, inSquares, scratch);
                }
                lay(x, first, 0, whole, places, inSquares, end);
                lay(x, first, whole, places, places, c, end);
            }
        }
    }

    /** Columns [from, to), a multiple of the lanes, of as many rows of a group from its row {@code row} on. */
    private void laySquares(float[] x, int first, int row, int places, int from, int to, Scratch scratch) {
        MemorySegment out = NativeSegments.of(data);
        float[] work = scratch.floats(VectorTranspose.WORK);
        for (int c = from; c < to; c += lanes) {
            int square = VectorTranspose.square(x, (first + row) * columns + c, columns, work);
            for (int i = 0; i < lanes; i++) {
                long at = 4L * (first * columns + (c + i) * places + row);
                VectorTranspose.copyRow(work, square + i * lanes, out, at);
            }
        }
    }

    /** The same for any columns of rows [row, end) of a group, number by number; those beyond the batch are 0. */
    private void lay(float[] x, int first, int row, int end, int places, int from, int to) {
        MemorySegment out = NativeSegments.of(data);
        int group = first * columns; // all groups before this one are full
        for (int b = row; b < end; b++) {
            int at = (first + b) * columns;
            for (int c = from; c < to; c++) {
                float value = first + b < batch ? x[at + c] : 0;
                out.set(ValueLayout.JAVA_FLOAT, 4L * (group + c * places + b), value);
            }
        }
    }

    /** Rows. */
    public int batch() {
        return batch;
    }

    /** Numbers in each row. */
    public int columns() {
        return columns;
    }

    /** @throws IllegalArgumentException if this has other columns, or was made by other kernels */
    void require(int width, int columns, String of) {
        if (this.width != width || this.columns != columns) {
            throw new IllegalArgumentException(("%s has %d columns and kernels that lay %d rows side by side; the batch has %d"
                            + " columns and %d rows side by side: begin it anew, made by the same kernels")
                    .formatted(of, columns, width, this.columns, this.width));
        }
    }

    /** Places for rows in all groups together. */
    int places() {
        int full = batch / width * width;
        return full == batch ? full : full + placesOfGroup(full);
    }

    /** Places for rows in the group that begins with row {@code first}, two vectors or one. */
    int placesOfGroup(int first) {
        return batch - first <= narrowWidth ? narrowWidth : width;
    }

    /** Rows of a group but the last. */
    int width() {
        return width;
    }

    MemorySegment data() {
        return data;
    }
}
