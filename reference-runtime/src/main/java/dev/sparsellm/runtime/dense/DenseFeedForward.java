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

/** {@code y = down(act(gate·x) ⊙ up·x)} in two parallel regions. One session's. */
final class DenseFeedForward implements FeedForward {

    private final Kernels kernels;
    private final RowProduct gate;
    private final RowProduct up;
    private final RowProduct down;
    private final long gateRowBytes;
    private final long downRowBytes;
    private final Activation activation;
    private final WorkerGroup workers;
    private final Scratch[] scratch; // [threads]
    private final float[] hidden; // [maxBatch][ffn]
    private final float[] upper; // [maxBatch][ffn]
    private final WorkerGroup.Task hiddenOfPart = this::computeHidden;
    private final WorkerGroup.Task outputOfPart = this::computeOutput;

    // The call under way.
    private Pass pass;
    private float[] x;
    private float[] y;
    private int parts;

    DenseFeedForward(
            Kernels kernels,
            SharedRows rows,
            LayerWeights weights,
            Activation activation,
            SessionContext context,
            Scratch[] scratch) {
        this.kernels = kernels;
        gate = rows.of(weights.gate());
        up = rows.of(weights.up());
        down = rows.of(weights.down());
        gateRowBytes = weights.gate().rowBytes();
        downRowBytes = weights.down().rowBytes();
        this.activation = activation;
        this.scratch = scratch;
        workers = context.workers();
        hidden = new float[context.maxBatch() * gate.rows()];
        upper = new float[context.maxBatch() * gate.rows()];
    }

    @Override
    public void apply(Pass pass, float[] x, float[] y) {
        this.pass = pass;
        this.x = x;
        this.y = y;
        parts = Split.parts(gate.rows(), 2 * gateRowBytes, pass.batch());
        workers.run(parts, hiddenOfPart);
        parts = Split.parts(down.rows(), downRowBytes, pass.batch());
        workers.run(parts, outputOfPart);
    }

    private void computeHidden(int part, int worker) {
        int ffn = gate.rows();
        int from = Split.begin(part, parts, ffn);
        int to = Split.begin(part + 1, parts, ffn);
        gate.multiply(x, pass.batch(), hidden, ffn, from, to, scratch[worker]);
        up.multiply(x, pass.batch(), upper, ffn, from, to, scratch[worker]);
        for (int b = 0; b < pass.batch(); b++) {
            activation.apply(pass, hidden, b * ffn, from, to);
            kernels.multiply(hidden, upper, b * ffn + from, b * ffn + to);
        }
    }

    private void computeOutput(int part, int worker) {
        int from = Split.begin(part, parts, down.rows());
        int to = Split.begin(part + 1, parts, down.rows());
        down.multiply(hidden, pass.batch(), y, down.rows(), from, to, scratch[worker]);
    }
}
