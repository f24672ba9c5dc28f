package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.BatchedInput;
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
    private float[] x;
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
        gateRowBytes = weights.gate().rowBytes();
        downRowBytes = weights.down().rowBytes();
        this.activation = activation;
        this.workspaces = workspaces;
        workers = context.workers();
    }

    @Override
    public void apply(Pass pass, float[] x, float[] y) {
        this.pass = pass;
        this.x = x;
        this.y = y;
        workspace = workspaces.take(workers.threads(), pass.batch() * gate.rows());
        try {
            if (BatchedInput.pays(pass.batch())) {
                workspace.input().begin(pass.batch(), gate.columns());
                workspace.hiddenInput().begin(pass.batch(), down.columns());
                parts = Split.partsOfInput(gate.columns(), pass.batch());
                workers.run(parts, columnsOfPart);
            } else if (pass.batch() == 1) {
                workspace.single().set(x, 0);
                gate.prepare(workspace.single());
                up.prepare(workspace.single()); // nothing to do where types are the same
            }
            parts = Split.parts(gate.rows(), 2 * gateRowBytes, pass.batch());
            workers.run(parts, hiddenOfPart);
            if (pass.batch() == 1) {
                workspace.single().set(workspace.hidden(), 0);
                down.prepare(workspace.single());
            }
            parts = Split.parts(down.rows(), downRowBytes, pass.batch());
            workers.run(parts, outputOfPart);
        } finally {
            workspaces.giveBack(workspace);
        }
    }

    private void layOut(int part, int worker) {
        int from = Split.beginOfInput(part, parts, gate.columns());
        int to = Split.beginOfInput(part + 1, parts, gate.columns());
        workspace.input().lay(x, from, to);
    }

    private void computeHidden(int part, int worker) {
        int ffn = gate.rows();
        int from = Split.begin(part, parts, ffn, pass.batch());
        int to = Split.begin(part + 1, parts, ffn, pass.batch());
        float[] hidden = workspace.hidden(); // [batch][ffn]
        float[] upper = workspace.upper(); // [batch][ffn]
        Scratch scratch = workspace.threads()[worker];
        if (BatchedInput.pays(pass.batch())) {
            gate.multiply(workspace.input(), hidden, ffn, from, to, scratch);
            up.multiply(workspace.input(), upper, ffn, from, to, scratch);
        } else if (pass.batch() == 1) {
            gate.multiply(workspace.single(), hidden, 0, from, to, scratch);
            up.multiply(workspace.single(), upper, 0, from, to, scratch);
        } else {
            gate.multiply(x, pass.batch(), hidden, ffn, from, to, scratch);
            up.multiply(x, pass.batch(), upper, ffn, from, to, scratch);
        }
        for (int b = 0; b < pass.batch(); b++) {
            activation.apply(pass, hidden, b * ffn, from, to);
            kernels.multiply(hidden, upper, b * ffn + from, b * ffn + to);
        }
        if (BatchedInput.pays(pass.batch())) {
            workspace.hiddenInput().lay(hidden, from, to);
        }
    }

    private void computeOutput(int part, int worker) {
        int from = Split.begin(part, parts, down.rows(), pass.batch());
        int to = Split.begin(part + 1, parts, down.rows(), pass.batch());
        Scratch scratch = workspace.threads()[worker];
        if (BatchedInput.pays(pass.batch())) {
            down.multiply(workspace.hiddenInput(), y, down.rows(), from, to, scratch);
        } else if (pass.batch() == 1) {
            down.multiply(workspace.single(), y, 0, from, to, scratch);
        } else {
            down.multiply(workspace.hidden(), pass.batch(), y, down.rows(), from, to, scratch);
        }
    }
}
