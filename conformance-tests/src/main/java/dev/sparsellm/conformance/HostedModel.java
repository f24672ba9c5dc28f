package dev.sparsellm.conformance;

/** A model that a host has opened with some providers. */
public interface HostedModel extends AutoCloseable {

    /** A new text, with operators of its own. */
    HostedSession newSession();

    /** Closes the model and its providers' operators. Sessions have been closed before. */
    @Override
    void close();
}
