/**
 * Text to token ids and back, from the vocabulary a GGUF file carries: byte-level BPE ({@code gpt2}) and SentencePiece
 * ({@code llama}), special tokens, and decoding of a stream of tokens to whole characters.
 *
 * <p>What must not live here: chat templates, and anything that knows a model's weights.
 */
package dev.sparsellm.runtime.tokenizer;
