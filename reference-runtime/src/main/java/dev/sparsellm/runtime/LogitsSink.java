package dev.sparsellm.runtime;

/** Receives the logits of a position. */
@FunctionalInterface
public interface LogitsSink {

    /**
     * @param row index of the id these logits follow
     * @param logits an array that holds them, valid during the call only
     * @param offset where they begin; {@code vocab} follow
     */
    void accept(int row, float[] logits, int offset);
}
