/**
 * How good the text stays: perplexity and its kin, counted as llama.cpp counts them.
 *
 * <p>What must not live here: anything that prints, or that knows a particular provider.
 */
package dev.sparsellm.runtime.quality;
