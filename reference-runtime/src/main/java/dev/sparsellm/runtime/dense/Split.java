package dev.sparsellm.runtime.dense;

/** How the rows of a product are split into parts: by bytes of weights and size of the batch, never by threads. */
final class Split {

    /** Weights read by one part, at the least, times rows of the batch: some 5 µs of work. */
    private static final long PART_BYTES = 64 * 1024;

    /** Enough that threads which started late or were interrupted still share the work evenly. */
    private static final int MAX_PARTS = 32;

    /** Rows of a part are a multiple of this: kernels take 4, 6 or 8 rows at a time, and seldom meet a tail so. */
    private static final int ROWS = 24;

    private Split() {}

    static int parts(int rows, long rowBytes, int batch) {
        long wanted = Math.ceilDiv(rows * rowBytes * batch, PART_BYTES);
        return (int) Math.max(1, Math.min(Math.min(wanted, MAX_PARTS), Math.ceilDiv(rows, ROWS)));
    }

    /** The first row of a part; {@code begin(parts, …)} is behind the last row. */
    static int begin(int part, int parts, int rows) {
        if (part == parts) {
            return rows;
        }
        return (int) ((long) Math.ceilDiv(rows, ROWS) * part / parts * ROWS);
    }
}
