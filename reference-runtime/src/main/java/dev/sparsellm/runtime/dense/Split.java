package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.BatchedInput;

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

    private Split() {}

    static int parts(int rows, long rowBytes, int batch) {
        long wanted = Math.ceilDiv(rows * rowBytes * batch, PART_BYTES);
        long most = BatchedInput.pays(batch)
                ? MAX_PARTS
                : Math.max(MAX_PARTS, Math.ceilDiv(rows * rowBytes, LARGEST_PART_BYTES));
        return (int) Math.max(1, Math.min(Math.min(wanted, most), Math.ceilDiv(rows, unit(batch))));
    }

    /** The first row of a part; {@code begin(parts, …)} is behind the last row. */
    static int begin(int part, int parts, int rows, int batch) {
        if (part == parts) {
            return rows;
        }
        int unit = unit(batch);
        return (int) ((long) Math.ceilDiv(rows, unit) * part / parts * unit);
    }

    private static int unit(int batch) {
        return BatchedInput.pays(batch) ? ROWS_OF_BATCH : ROWS;
    }
}
