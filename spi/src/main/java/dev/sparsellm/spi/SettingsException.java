package dev.sparsellm.spi;

/** A setting is unknown, its value is not allowed, or values do not go together. The message says which and what is. */
public final class SettingsException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    public SettingsException(String message) {
        super(OneLine.of(message));
    }
}
