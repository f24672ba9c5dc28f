package dev.sparsellm.runtime;

/**
 * What was written.
 *
 * @param text without the prompt
 * @param ids tokens written, an end mark excluded
 * @param promptTokens tokens read
 * @param prefillNanos time to read them
 * @param decodeNanos time to write
 * @param stop why it ended
 */
public record Generation(
        String text, int[] ids, int promptTokens, long prefillNanos, long decodeNanos, StopReason stop) {

    /** Why generation ended. */
    public enum StopReason {
        /** The model wrote an end mark. */
        END,
        /** A stop text appeared. */
        STOP_TEXT,
        /** As many tokens as asked for. */
        LENGTH,
        /** No position is left in the context. */
        CONTEXT_FULL,
        /** The sink said so. */
        CANCELLED
    }

    /**
     * Passes it took to write. The first token costs none, since reading the prompt gave its logits; an end mark costs
     * one, and is no token.
     */
    public int decodePasses() {
        return Math.max(0, ids.length - (stop == StopReason.END ? 0 : 1));
    }

    /** The speed of decoding, in tokens, which is to say {@link #decodePasses() passes}, a second; 0 where none was. */
    public double tokensPerSecond() {
        return decodeNanos == 0 ? 0 : decodePasses() * 1e9 / decodeNanos;
    }

    /** Prompt tokens read in a second; 0 where none was. */
    public double promptTokensPerSecond() {
        return prefillNanos == 0 ? 0 : promptTokens * 1e9 / prefillNanos;
    }
}
