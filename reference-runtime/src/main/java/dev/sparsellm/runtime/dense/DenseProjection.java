package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.WorkerGroup;

/** {@code y = W·x}, rows split among threads. One session's. */
final class DenseProjection implements Projection {

    private final RowProduct weights;
    private final Split split;
    private final WorkerGroup workers;
    private final Workspace.Pool workspaces;
    private final WorkerGroup.Task columnsOfPart = this::layOut;
    private final WorkerGroup.Task rowsOfPart = this::multiply;

    // The call under way.
    private float[] y;
    private int batch;
    private int parts;
    private Workspace workspace;

    DenseProjection(RowProduct weights, long rowBytes, WorkerGroup workers, Workspace.Pool workspaces) {
        this.weights = weights;
        split = Split.of(weights, rowBytes, 1);
        this.workers = workers;
        this.workspaces = workspaces;
    }

    @Override
    public void apply(Pass pass, float[] x, float[] y) {
        this.y = y;
        batch = pass.batch();
        workspace = workspaces.take(workers.threads(), 0);
        try {
            workspace.input().begin(x, batch, weights.columns());
            if (workspace.input().isLaidOut()) {
                workers.run(workspace.input().parts(), columnsOfPart);
            }
            workspace.input().prepare(weights);
            parts = split.parts(batch);
            workers.run(parts, rowsOfPart);
        } finally {
            workspaces.giveBack(workspace);
        }
    }

    private void layOut(int part, int worker) {
        workspace.input().layPart(part, workspace.threads()[worker]);
    }

    private void multiply(int part, int worker) {
        int from = split.begin(part, parts, batch);
        int to = split.begin(part + 1, parts, batch);
        workspace.input().multiply(weights, y, from, to, workspace.threads()[worker]);
    }
}
