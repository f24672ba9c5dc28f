package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.kernels.SharedRows;
import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.WorkerGroup;

/** {@code y = down(act(gate·x) ⊙ up·x)} in two parallel regions, of a batch in three. One session's. */
final class DenseFeedForward implements FeedForward {

    private final Kernels kernels;
    private final RowProduct gate;
    private final RowProduct up;
    private final RowProduct down;
    private final long gateRowBytes;
    private final long downRowBytes;
    private final Activation activation;
    private final WorkerGroup workers;
    private final Workspace.Pool workspaces;
    private final WorkerGroup.Task columnsOfPart = this::layOut;
    private final WorkerGroup.Task hiddenOfPart = this::computeHidden;
    private final WorkerGroup.Task outputOfPart = this::computeOutput;

    // The call under way.
    private Pass pass;
    private float[] y;
    private Split split;
    private Workspace workspace;

    DenseFeedForward(
            Kernels kernels,
            SharedRows rows,
            LayerWeights weights,
            Activation activation,
            SessionContext context,
            Workspace.Pool workspaces) {
        this.kernels = kernels;
        gate = rows.of(weights.gate());
        up = rows.of(weights.up());
        down = rows.of(weights.down());
        gateRowBytes = weights.gate().rowBytes();
        downRowBytes = weights.down().rowBytes();
        this.activation = activation;
        this.workspaces = workspaces;
        workers = context.workers();
    }

    @Override
    public void apply(Pass pass, float[] x, float[] y) {
        this.pass = pass;
        this.y = y;
        workspace = workspaces.take(workers.threads(), pass.batch() * gate.rows());
        try {
            workspace.input().begin(x, pass.batch(), gate.columns());
            workspace.hiddenInput().begin(workspace.hidden(), pass.batch(), down.columns());
            if (workspace.input().isLaidOut()) {
                workers.run(workspace.input().parts(), columnsOfPart);
            }
            workspace.input().prepare(gate);
            workspace.input().prepare(up); // nothing to do where types are the same
            split = Split.of(gate, gateRowBytes, 2, pass.batch());
            workers.run(split.parts(), hiddenOfPart);
            workspace.hiddenInput().prepare(down);
            split = Split.of(down, downRowBytes, 1, pass.batch());
            workers.run(split.parts(), outputOfPart);
        } finally {
            workspaces.giveBack(workspace);
        }
    }

    private void layOut(int part, int worker) {
        workspace.input().layPart(part, workspace.threads()[worker]);
    }

    private void computeHidden(int part, int worker) {
        int ffn = gate.rows();
        int from = split.begin(part);
        int to = split.begin(part + 1);
        float[] hidden = workspace.hidden(); // [batch][ffn]
        float[] upper = workspace.upper(); // [batch][ffn]
        Scratch scratch = workspace.threads()[worker];
        workspace.input().multiply(gate, hidden, from, to, scratch);
        workspace.input().multiply(up, upper, from, to, scratch);
        for (int b = 0; b < pass.batch(); b++) {
            activation.apply(pass, hidden, b * ffn, from, to);
            kernels.multiply(hidden, upper, b * ffn + from, b * ffn + to);
        }
        if (workspace.hiddenInput().isLaidOut()) {
            workspace.hiddenInput().lay(from, to, scratch);
        }
    }

    private void computeOutput(int part, int worker) {
        workspace.hiddenInput().multiply(down, y, split.begin(part), split.begin(part + 1), workspace.threads()[worker]);
    }
}
