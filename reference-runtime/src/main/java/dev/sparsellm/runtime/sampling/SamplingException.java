package dev.sparsellm.runtime.sampling;

/** No token can be chosen from these logits, since some are no numbers. The message says which, and why that may be. */
public final class SamplingException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public SamplingException(String message) {
        super(message);
    }
}
