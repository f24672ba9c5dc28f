package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.WorkerGroup;

/** {@code y = W·x}, rows split among threads. One session's. */
final class DenseProjection implements Projection {

    private final RowProduct weights;
    private final long rowBytes;
    private final WorkerGroup workers;
    private final Scratch[] scratch; // [threads]
    private final WorkerGroup.Task rowsOfPart = this::multiply;

    // The call under way.
    private float[] x;
    private float[] y;
    private int batch;
    private int parts;

    DenseProjection(RowProduct weights, long rowBytes, WorkerGroup workers, Scratch[] scratch) {
        this.weights = weights;
        this.rowBytes = rowBytes;
        this.workers = workers;
        this.scratch = scratch;
    }

    @Override
    public void apply(Pass pass, float[] x, float[] y) {
        this.x = x;
        this.y = y;
        batch = pass.batch();
        parts = Split.parts(weights.rows(), rowBytes, batch);
        workers.run(parts, rowsOfPart);
    }

    private void multiply(int part, int worker) {
        int from = Split.begin(part, parts, weights.rows());
        int to = Split.begin(part + 1, parts, weights.rows());
        weights.multiply(x, batch, y, weights.rows(), from, to, scratch[worker]);
    }
}
