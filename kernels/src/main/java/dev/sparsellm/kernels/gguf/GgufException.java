package dev.sparsellm.kernels.gguf;

/** A GGUF file cannot be read. The message says which file, what is wrong with it and where, and what to do. */
public final class GgufException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public GgufException(String message) {
        super(message);
    }

    public GgufException(String message, Throwable cause) {
        super(message, cause);
    }
}
