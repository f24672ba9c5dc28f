package dev.sparsellm.spi;

import java.util.List;
import java.util.Optional;

/**
 * An immutable description of an open model: enough to plan, and the weights to prepare from.
 *
 * @param name the model's own name, for messages
 * @param architecture as in {@code general.architecture}, such as {@code llama}
 * @param fingerprint identifies the weights: equal for equal files, different for any other model; lower-case
 *     hexadecimal, usable as part of a file name
 * @param shape dimensions
 * @param activation the function in the feed-forward blocks
 * @param layers the weights of each layer, {@code shape.layers()} of them
 * @param output the output head, {@code [vocab][dim]}; the token embedding itself where the model ties them
 */
public record ModelDescription(
        String name,
        String architecture,
        String fingerprint,
        ModelShape shape,
        ActivationFunction activation,
        List<LayerWeights> layers,
        Tensor output) {

    public ModelDescription {
        layers = List.copyOf(layers);
    }

    /**
     * The weights of one layer that operators read.
     *
     * @param query {@code [heads · headDim][dim]}
     * @param key {@code [kvHeads · headDim][dim]}
     * @param value {@code [kvHeads · headDim][dim]}
     * @param attentionOutput {@code [dim][heads · headDim]}
     * @param gate {@code [ffn][dim]}
     * @param up {@code [ffn][dim]}
     * @param down {@code [dim][ffn]}
     */
    public record LayerWeights(
            Tensor query, Tensor key, Tensor value, Tensor attentionOutput, Tensor gate, Tensor up, Tensor down) {}

    /** The single matrix behind a projection; empty for feed-forward blocks and activations. */
    public Optional<Tensor> projectionWeights(OperatorKey key) {
        return switch (key.kind()) {
            case ATTENTION_QUERY -> Optional.of(layers.get(key.layer()).query());
            case ATTENTION_KEY -> Optional.of(layers.get(key.layer()).key());
            case ATTENTION_VALUE -> Optional.of(layers.get(key.layer()).value());
            case ATTENTION_OUTPUT -> Optional.of(layers.get(key.layer()).attentionOutput());
            case OUTPUT -> Optional.of(output);
            case FEED_FORWARD, ACTIVATION -> Optional.empty();
        };
    }
}
