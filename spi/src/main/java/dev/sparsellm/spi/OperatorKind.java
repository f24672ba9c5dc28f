package dev.sparsellm.spi;

/** What a provider can replace. */
public enum OperatorKind {
    /** A whole feed-forward block, {@code y = down(act(gate·x) ⊙ up·x)}: a {@link FeedForward}. */
    FEED_FORWARD,
    /** The function applied to the gate inside the host's own feed-forward block: an {@link Activation}. */
    ACTIVATION,
    /** {@code q = W_q·x}: a {@link Projection}. */
    ATTENTION_QUERY,
    /** {@code k = W_k·x}: a {@link Projection}. */
    ATTENTION_KEY,
    /** {@code v = W_v·x}: a {@link Projection}. */
    ATTENTION_VALUE,
    /** {@code o = W_o·h}, h the heads' outputs one after another: a {@link Projection}. */
    ATTENTION_OUTPUT,
    /** The output head, logits: a {@link Projection}. The one kind that does not belong to a layer. */
    OUTPUT
}
