package dev.sparsellm.spi;

/** What a forward pass is for. */
public enum Phase {
    /** Reading text that is already there: a prompt, or text to score. Batches are large. */
    PREFILL,
    /** Writing: one new position for each pass, as a rule. */
    DECODE
}
