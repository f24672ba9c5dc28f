package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.BatchedInput;
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
    private final Workspace.Pool workspaces;
    private final WorkerGroup.Task columnsOfPart = this::layOut;
    private final WorkerGroup.Task rowsOfPart = this::multiply;

    // The call under way.
    private float[] x;
    private float[] y;
    private int batch;
    private int parts;
    private Workspace workspace;

    DenseProjection(RowProduct weights, long rowBytes, WorkerGroup workers, Workspace.Pool workspaces) {
        this.weights = weights;
        this.rowBytes = rowBytes;
        this.workers = workers;
        this.workspaces = workspaces;
    }

    @Override
    public void apply(Pass pass, float[] x, float[] y) {
        this.x = x;
        this.y = y;
        batch = pass.batch();
        workspace = workspaces.take(workers.threads(), 0);
        try {
            if (BatchedInput.pays(batch)) {
                workspace.input().begin(batch, weights.columns());
                parts = Split.partsOfInput(weights.columns(), batch);
                workers.run(parts, columnsOfPart);
            } else if (batch == 1) {
                workspace.single().set(x, 0);
                weights.prepare(workspace.single());
            }
            parts = Split.parts(weights.rows(), rowBytes, batch);
            workers.run(parts, rowsOfPart);
        } finally {
            workspaces.giveBack(workspace);
        }
    }

    private void layOut(int part, int worker) {
        int from = Split.beginOfInput(part, parts, weights.columns());
        int to = Split.beginOfInput(part + 1, parts, weights.columns());
        workspace.input().lay(x, from, to);
    }

    private void multiply(int part, int worker) {
        int from = Split.begin(part, parts, weights.rows(), batch);
        int to = Split.begin(part + 1, parts, weights.rows(), batch);
        Scratch scratch = workspace.threads()[worker];
        if (BatchedInput.pays(batch)) {
            weights.multiply(workspace.input(), y, weights.rows(), from, to, scratch);
        } else if (batch == 1) {
            weights.multiply(workspace.single(), y, 0, from, to, scratch);
        } else {
            weights.multiply(x, batch, y, weights.rows(), from, to, scratch);
        }
    }
}
