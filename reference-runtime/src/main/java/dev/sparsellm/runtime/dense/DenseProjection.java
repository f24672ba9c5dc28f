package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.RowProduct;
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
    private float[] y;
    private Split split;
    private Workspace workspace;

    DenseProjection(RowProduct weights, long rowBytes, WorkerGroup workers, Workspace.Pool workspaces) {
        this.weights = weights;
        this.rowBytes = rowBytes;
        this.workers = workers;
        this.workspaces = workspaces;
    }

    @Override
    public void apply(Pass pass, float[] x, float[] y) {
        this.y = y;
        workspace = workspaces.take(workers.threads(), 0);
        try {
            workspace.input().begin(x, pass.batch(), weights.columns());
            if (workspace.input().isLaidOut()) {
                workers.run(workspace.input().parts(), columnsOfPart);
            }
            workspace.input().prepare(weights);
            split = Split.of(weights, rowBytes, 1, pass.batch());
            workers.run(split.parts(), rowsOfPart);
        } finally {
            workspaces.giveBack(workspace);
        }
    }

    private void layOut(int part, int worker) {
        workspace.input().layPart(part, workspace.threads()[worker]);
    }

    private void multiply(int part, int worker) {
        workspace.input().multiply(weights, y, split.begin(part), split.begin(part + 1), workspace.threads()[worker]);
    }
}
