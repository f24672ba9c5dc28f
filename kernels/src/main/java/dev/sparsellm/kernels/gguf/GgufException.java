package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.OneLine;

/**
 * A GGUF file cannot be read. The message says, in one line, which file, what is wrong with it and where, and what to do.
 */
public final class GgufException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public GgufException(String message) {
        super(OneLine.of(message));
    }

    public GgufException(String message, Throwable cause) {
        super(OneLine.of(message), cause);
    }
}
