package dev.sparsellm.kernels;

/**
 * What products with rows multiply, in the form that suits its number of rows: one is prepared, from
 * {@link BatchedInput#FEWEST} on they are laid out, and few are taken as they are. {@link #begin} it; if it
 * {@link #isLaidOut}, {@link #lay} all columns, or all {@link #parts}; {@link #prepare} it for each matrix; then multiply as often as need be. Threads may lay
 * disjoint columns at the same time, and multiply at the same time.
 */
public final class ProductInput {

    /** Columns that one part lays out, at the least, times rows: some 10 µs of work. */
    private static final int PART = 16 * 1024;

    private static final int MAX_PARTS = 32;

    private final SingleInput single = new SingleInput();
    private final BatchedInput batched;
    private float[] x;
    private int batch;

    /** @param kernels that multiply it */
    public ProductInput(Kernels kernels) {
        batched = kernels.batchedInput();
    }

    /** Takes {@code x[batch][columns]}, which may be computed later: before it is laid or prepared. */
    public void begin(float[] x, int batch, int columns) {
        this.x = x;
        this.batch = batch;
        if (isLaidOut()) {
            batched.begin(batch, columns);
        } else if (batch == 1) {
            single.set(x, 0);
        }
    }

    /** Whether columns are to be laid before products. */
    public boolean isLaidOut() {
        return BatchedInput.pays(batch);
    }

    /** Parts by which threads lay out all columns. */
    public int parts() {
        return (int) Math.min(MAX_PARTS, Math.ceilDiv((long) batched.columns() * batch, PART));
    }

    /** Takes the columns of one of {@link #parts}. */
    public void layPart(int part, Scratch scratch) {
        long columns = batched.columns();
        int parts = parts();
        lay((int) (columns * part / parts), (int) (columns * (part + 1) / parts), scratch);
    }

    /** Takes columns [from, to) of all rows. */
    public void lay(int from, int to, Scratch scratch) {
        batched.lay(x, from, to, scratch);
    }

    /** Called by one thread, before products by any. */
    public void prepare(RowProduct weights) {
        if (batch == 1) {
            weights.prepare(single);
        }
    }

    /** Computes rows [from, to) of {@code y[batch][weights.rows()]}. */
    public void multiply(RowProduct weights, float[] y, int from, int to, Scratch scratch) {
        if (isLaidOut()) {
            weights.multiply(batched, y, weights.rows(), from, to, scratch);
        } else if (batch == 1) {
            weights.multiply(single, y, 0, from, to, scratch);
        } else {
            weights.multiply(x, batch, y, weights.rows(), from, to, scratch);
        }
    }
}
