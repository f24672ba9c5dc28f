package dev.sparsellm.spi;

/** A provider could not do what it was asked. The message says what, where, and what the user can do about it. */
public class ProviderException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public ProviderException(String message) {
        super(OneLine.of(message));
    }

    public ProviderException(String message, Throwable cause) {
        super(OneLine.of(message), cause);
    }
}
