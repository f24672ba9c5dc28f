package dev.sparsellm.spi;

/** The host's exact operators, to delegate to. Each call opens an operator with scratch of its own, for one session. */
public interface DenseOperators {

    /** The product with any tensor of the model. */
    Projection projection(Tensor weights, SessionContext context);

    /** The feed-forward block of a layer, with the model's own activation. */
    FeedForward feedForward(int layer, SessionContext context);
}
