package dev.sparsellm.chess;

/**
 * What is done so that sparsity hurts less.
 *
 * @param maskedPrefill whether text that is only read is thinned out too, which protects nothing
 * @param denseTokens so many first positions of a text are run exactly
 * @param hold whether the share left out is held at what was asked for as the text drifts
 */
record Protection(boolean maskedPrefill, int denseTokens, boolean hold) {}
