package dev.sparsellm.runtime.dense;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.SharedRows;
import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.Tensor;
import java.util.HashSet;
import java.util.Set;

/** Opens dense operators of one model. Safe for any thread. */
public final class ModelDenseOperators implements DenseOperators {

    private final Kernels kernels;
    private final ModelDescription model;
    private final SharedRows rows;
    private final Workspace.Pool workspaces;
    private final Set<Tensor> ofModel = new HashSet<>();

    public ModelDenseOperators(Kernels kernels, ModelDescription model) {
        this.kernels = kernels;
        this.model = model;
        rows = new SharedRows(kernels);
        workspaces = new Workspace.Pool(kernels);
        OperatorKey.all(model.shape()).forEach(key -> model.projectionWeights(key).ifPresent(ofModel::add));
        for (LayerWeights layer : model.layers()) {
            ofModel.add(layer.gate());
            ofModel.add(layer.up());
            ofModel.add(layer.down());
        }
    }

    @Override
    public Projection projection(Tensor weights, SessionContext context) {
        return new DenseProjection(rows(weights), weights.rowBytes(), context.workers(), workspaces);
    }

    /** A matrix that a provider made is not kept. */
    private RowProduct rows(Tensor weights) {
        return ofModel.contains(weights) ? rows.of(weights) : kernels.rows(weights);
    }

    @Override
    public FeedForward feedForward(int layer, SessionContext context) {
        return feedForward(layer, activation(), context);
    }

    /** A feed-forward block with another activation than the model's own. */
    public FeedForward feedForward(int layer, Activation activation, SessionContext context) {
        return new DenseFeedForward(kernels, rows, model.layers().get(layer), activation, context, workspaces);
    }

    /** The model's own activation. */
    public Activation activation() {
        return switch (model.activation()) {
            case SILU -> (pass, gate, offset, from, to) -> kernels.silu(gate, offset + from, offset + to);
            case GELU, RELU -> throw new IllegalArgumentException(
                    "No dense activation for " + model.activation() + ": this host runs Llama models, which use SILU");
        };
    }
}
