/**
 * Choosing the next token from a model's logits.
 *
 * <p>What must not live here: anything that knows a model, a tokenizer or a session.
 */
package dev.sparsellm.runtime.sampling;
