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
    private final Split hiddenSplit;
    private final Split outputSplit;
    private final Activation activation;
    private final WorkerGroup workers;
    private final Workspace.Pool workspaces;
    private final WorkerGroup.Task columnsOfPart = this::layOut;
    private final WorkerGroup.Task hiddenOfPart = this::computeHidden;
    private final WorkerGroup.Task outputOfPart = this::computeOutput;

    // The call under way.
    private Pass pass;
    private float[] y;
    private int parts;
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
        hiddenSplit = Split.of(gate, weights.gate().rowBytes(), 2);
        outputSplit = Split.of(down, weights.down().rowBytes(), 1);
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
            parts = hiddenSplit.parts(pass.batch());
            workers.run(parts, hiddenOfPart);
            workspace.hiddenInput().prepare(down);
            parts = outputSplit.parts(pass.batch());
            workers.run(parts, outputOfPart);
        } finally {
            workspaces.giveBack(workspace);
        }
    }

    private void layOut(int part, int worker) {
        workspace.input().layPart(part, workspace.threads()[worker]);
    }

    private void computeHidden(int part, int worker) {
        int ffn = gate.rows();
        int from = hiddenSplit.begin(part, parts, pass.batch());
        int to = hiddenSplit.begin(part + 1, parts, pass.batch());
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
        int from = outputSplit.begin(part, parts, pass.batch());
        int to = outputSplit.begin(part + 1, parts, pass.batch());
        workspace.hiddenInput().multiply(down, y, from, to, workspace.threads()[worker]);
    }
}
