package dev.sparsellm.spi;

/** What a forward pass is for. */
public enum Phase {
    /** Reading text that is already there: a prompt, or text to learn from. Batches are large. */
    PREFILL,
    /**
     * Writing, one new position for each pass; and scoring text that is there already as if it were being written, in
     * batches.
     */
    DECODE
}
