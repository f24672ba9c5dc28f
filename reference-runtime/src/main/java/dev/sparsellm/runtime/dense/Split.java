package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.BatchedInput;
import dev.sparsellm.kernels.RowProduct;

/** How the rows of a product are split into parts: by bytes of weights and size of the batch, never by threads. */
final class Split {

    /** Weights read by one part, at the least, times rows of the batch: some 5 µs of work. */
    private static final long PART_BYTES = 64 * 1024;

    /** Enough that threads which started late or were interrupted still share the work evenly. */
    private static final int MAX_PARTS = 32;

    /**
     * Unless they would be larger than this, one row at a time: who is left with the last part keeps the others waiting.
     * Output heads took 4 to 7 % less than in 32 parts of 4 to 9 MB, 1 % of a token of a small model.
     */
    private static final long LARGEST_PART_BYTES = 2 << 20;

    /** Rows of a part are a multiple of this, so that kernels which take several rows at a time rarely meet a tail. */
    private static final int ROWS = 8;

    /** The same where a batch is laid out, which is multiplied with 12 rows at a time, or 6. */
    private static final int ROWS_OF_BATCH = 12;

    /**
     * Parts of which {@link #MAX_PARTS} would have fewer than {@link RowProduct#rowsOfPages} are as large as that, where there are
     * so many of them still.
     */
    private static final int PARTS_OF_PAGES = 16;

    private Split() {}

    /** @param matrices that have such rows, and of which a part multiplies with its own */
    static int parts(int rows, long rowBytes, int matrices, int batch) {
        long bytes = rows * rowBytes * matrices;
        long wanted = Math.ceilDiv(bytes * batch, PART_BYTES);
        long most = BatchedInput.pays(batch) ? MAX_PARTS : Math.max(MAX_PARTS, Math.ceilDiv(bytes, LARGEST_PART_BYTES));
        return (int) Math.max(1, Math.min(Math.min(wanted, most), Math.ceilDiv(rows, unit(rows, rowBytes, batch))));
    }

    /** The first row of a part; {@code begin(parts, …)} is behind the last row. */
    static int begin(int part, int parts, int rows, long rowBytes, int batch) {
        if (part == parts) {
            return rows;
        }
        int unit = unit(rows, rowBytes, batch);
        return (int) ((long) Math.ceilDiv(rows, unit) * part / parts * unit);
    }

    private static int unit(int rows, long rowBytes, int batch) {
        if (BatchedInput.pays(batch)) {
            return ROWS_OF_BATCH;
        }
        int rowsOfPages = RowProduct.rowsOfPages(rowBytes);
        boolean fewer = rows >= PARTS_OF_PAGES * rowsOfPages && rows < MAX_PARTS * rowsOfPages;
        return fewer ? Math.max(ROWS, rowsOfPages) : ROWS;
    }
}
