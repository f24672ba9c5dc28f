package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.GgufException;

/** What a token is for: the values of {@code tokenizer.ggml.token_type}. */
enum TokenType {
    /** A piece of text. */
    NORMAL,
    /** Stands for text the vocabulary cannot express. */
    UNKNOWN,
    /** Steers the model and has no text: begin of sequence, end of turn. Never made from a user's text. */
    CONTROL,
    /** A piece of text that is found before the text is split in any other way. */
    USER_DEFINED,
    /** A place in the vocabulary that nothing uses. */
    UNUSED,
    /** One byte, for text that no other token covers. */
    BYTE;

    /** The type of a number in the file. Zero, "undefined", is treated as llama.cpp treats it: it has no text. */
    static TokenType of(int number, int id) {
        return switch (number) {
            case 0, 5 -> UNUSED;
            case 1 -> NORMAL;
            case 2 -> UNKNOWN;
            case 3 -> CONTROL;
            case 4 -> USER_DEFINED;
            case 6 -> BYTE;
            default -> throw new GgufException("tokenizer.ggml.token_type gives token " + id + " the type " + number
                    + ", but types are 0 to 6; the file is damaged");
        };
    }
}
