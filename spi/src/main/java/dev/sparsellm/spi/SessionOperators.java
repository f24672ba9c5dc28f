package dev.sparsellm.spi;

import java.util.Optional;

/**
 * The operators of one session. The host asks for them once, when the session opens, and then calls them for every
 * pass; all calls of one session come from one thread at a time.
 */
public interface SessionOperators extends AutoCloseable {

    /** The feed-forward block of a layer, or empty if not taken. */
    default Optional<FeedForward> feedForward(int layer) {
        return Optional.empty();
    }

    /** A projection, or empty if not taken. */
    default Optional<Projection> projection(OperatorKey key) {
        return Optional.empty();
    }

    /** The activation of a layer, or empty if not taken. Used only where nobody takes the layer's feed-forward block. */
    default Optional<Activation> activation(int layer) {
        return Optional.empty();
    }

    /**
     * What an operator has done in this session so far.
     *
     * @param key an operator taken
     * @return totals since the session opened; {@link Usage#NONE} where nothing is counted
     */
    default Usage usage(OperatorKey key) {
        return Usage.NONE;
    }

    /** Frees scratch. A second call does nothing. */
    @Override
    default void close() {}
}
