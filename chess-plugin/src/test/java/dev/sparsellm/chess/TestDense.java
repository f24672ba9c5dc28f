package dev.sparsellm.chess;

import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.Tensor;

/** Exact operators on the real kernels. */
final class TestDense implements DenseOperators {

    static final Kernels KERNELS = KernelChoice.ofThisJvm().kernels();

    private final ModelDescription model;

    TestDense(ModelDescription model) {
        this.model = model;
    }

    @Override
    public Projection projection(Tensor weights, SessionContext context) {
        RowProduct product = KERNELS.rows(weights);
        Parts parts = Parts.of(weights.rows(), 1);
        Scratch[] scratch = new Scratch[context.workers().threads()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch();
        }
        return (pass, x, y) -> context.workers().run(parts.count(), (part, worker) -> product.multiply(
                x, pass.batch(), y, weights.rows(), parts.from(part), parts.to(part), scratch[worker]));
    }

    @Override
    public FeedForward feedForward(int layer, SessionContext context) {
        ModelDescription.LayerWeights weights = model.layers().get(layer);
        Projection gate = projection(weights.gate(), context);
        Projection up = projection(weights.up(), context);
        Projection down = projection(weights.down(), context);
        float[] gates = new float[context.maxBatch() * weights.gate().rows()];
        float[] hidden = new float[gates.length];
        return (pass, x, y) -> {
            gate.apply(pass, x, gates);
            up.apply(pass, x, hidden);
            KERNELS.silu(gates, 0, pass.batch() * weights.gate().rows());
            KERNELS.multiply(hidden, gates, 0, pass.batch() * weights.gate().rows());
            down.apply(pass, hidden, y);
        };
    }
}
