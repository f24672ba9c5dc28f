package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.BatchedInput;
import dev.sparsellm.kernels.RowProduct;

/**
 * How the rows of a product are split into parts: by bytes of weights, size of the batch and what kernels prefer, never by threads. Made
 * once for a product, since products allocate nothing.
 *
 * @param rows in all
 * @param rowsTogether see {@link RowProduct#rowsTogether}
 * @param rowBytes of a row of all matrices that a part multiplies with its own rows of
 */
record Split(int rows, int rowsTogether, long rowBytes) {

    /** Weights read by one part, at the least, times rows of the batch: some 5 µs of work. */
    private static final long PART_BYTES = 64 * 1024;

    /** Enough that threads which started late or were interrupted still share the work evenly. */
    private static final int MANY_PARTS = 32;

    /** As few as still keep two threads busy to the end; more threads than this would wait. */
    private static final int FEW_PARTS = 16;

    /**
     * Larger parts are split further, one row at a time: who is left with the last part keeps the others waiting. Output heads
     * took 4 to 7 % less than in 32 parts of 4 to 9 MB, 1 % of a token of a small model.
     */
    private static final long LARGEST_PART_BYTES = 2 << 20;

    /** Kernels that take several rows at a time should rarely meet a tail. */
    private static final int ROWS = 8;

    /** The same where a batch is laid out, which is multiplied with 12 rows at a time, or 6. */
    private static final int ROWS_OF_BATCH = 12;

    /**
     * Of matrices that are multiplied with the same x.
     *
     * @param product with one of them
     * @param rowBytes of one row of one matrix
     * @param matrices with as many rows
     */
    static Split of(RowProduct product, long rowBytes, int matrices) {
        return new Split(product.rows(), product.rowsTogether(), rowBytes * matrices);
    }

    /** How many parts there are for so many rows of x. */
    int parts(int batch) {
        long bytes = rows * rowBytes;
        boolean laidOut = BatchedInput.pays(batch);
        long most = laidOut ? MANY_PARTS : Math.max(MANY_PARTS, Math.ceilDiv(bytes, LARGEST_PART_BYTES));
        long parts = Math.min(Math.min(Math.ceilDiv(bytes * batch, PART_BYTES), most), Math.ceilDiv(rows, unit(batch)));
        return (int) Math.max(1, parts);
    }

    /** The first row of a part of {@code parts(batch)}; {@code begin(parts, …)} is behind the last row. */
    int begin(int part, int parts, int batch) {
        int unit = unit(batch);
        return part == parts ? rows : (int) ((long) Math.ceilDiv(rows, unit) * part / parts * unit);
    }

    /**
     * Rows of a part are a multiple of this, but for the last: as many as kernels prefer, unless parts would be too large or too few.
     */
    private int unit(int batch) {
        if (BatchedInput.pays(batch)) {
            return ROWS_OF_BATCH;
        }
        boolean many = rows >= MANY_PARTS * rowsTogether; // parts have more rows than that, and kernels divide them
        boolean tooFew = rows < FEW_PARTS * rowsTogether;
        boolean tooLarge = rowsTogether * rowBytes > LARGEST_PART_BYTES;
        return many || tooFew || tooLarge ? ROWS : Math.max(ROWS, rowsTogether);
    }
}
