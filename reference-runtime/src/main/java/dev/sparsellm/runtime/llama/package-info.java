/**
 * The Llama architecture: its configuration and weights in a GGUF file, rotary embeddings, attention with grouped
 * queries, the key-value cache and the forward pass. Each equation of the model stands here once; products with weight
 * matrices are operators, from the SPI.
 *
 * <p>What must not live here: tokenizers, sampling, how operators compute, who provides them.
 */
package dev.sparsellm.runtime.llama;
