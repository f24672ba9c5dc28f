package dev.sparsellm.runtime.tokenizer;

/** Turns text that holds no special tokens into tokens. Immutable; safe for several threads. */
sealed interface TextEncoder permits BytePairEncoder, SentencePieceEncoder {

    /**
     * Appends the tokens of a text.
     *
     * @throws IllegalArgumentException if the vocabulary has no way to write some of it
     */
    void encode(String text, IntList out);
}
