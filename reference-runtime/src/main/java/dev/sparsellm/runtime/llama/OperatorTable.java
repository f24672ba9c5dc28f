package dev.sparsellm.runtime.llama;

import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.Projection;
import java.util.List;

/** The operators of one session, each computed by whoever was chosen for it. */
public record OperatorTable(List<LayerOperators> layers, Projection output) {

    public OperatorTable {
        layers = List.copyOf(layers);
    }

    /** The operators of a layer. */
    public record LayerOperators(
            Projection query, Projection key, Projection value, Projection attentionOutput, FeedForward feedForward) {}
}
