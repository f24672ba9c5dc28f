package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.BatchedInput;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.kernels.SingleInput;

/**
 * What dense products multiply, in the form that suits its number of rows: one is prepared, from
 * {@link BatchedInput#FEWEST} on they are laid out, and few are taken as they are. {@link #begin} it; {@link #lay} all
 * columns if it {@link #isLaidOut}; {@link #prepare} it for each matrix; then multiply as often as need be. Threads may lay
 * disjoint columns at the same time, and multiply at the same time.
 */
final class DenseInput {

    private final SingleInput single = new SingleInput();
    private final BatchedInput batched;
    private float[] x;
    private int batch;

    DenseInput(Kernels kernels) {
        batched = kernels.batchedInput();
    }

    /** Takes {@code x[batch][columns]}, which may be computed later: before it is laid or prepared. */
    void begin(float[] x, int batch, int columns) {
        this.x = x;
        this.batch = batch;
        if (isLaidOut()) {
            batched.begin(batch, columns);
        } else if (batch == 1) {
            single.set(x, 0);
        }
    }

    boolean isLaidOut() {
        return BatchedInput.pays(batch);
    }

    void lay(int from, int to) {
        batched.lay(x, from, to);
    }

    /** Called by one thread, before products by any. */
    void prepare(RowProduct weights) {
        if (batch == 1) {
            weights.prepare(single);
        }
    }

    /** Computes rows [from, to) of {@code y[batch][weights.rows()]}. */
    void multiply(RowProduct weights, float[] y, int from, int to, Scratch scratch) {
        if (isLaidOut()) {
            weights.multiply(batched, y, weights.rows(), from, to, scratch);
        } else if (batch == 1) {
            weights.multiply(single, y, 0, from, to, scratch);
        } else {
            weights.multiply(x, batch, y, weights.rows(), from, to, scratch);
        }
    }
}
