package dev.sparsellm.conformance;

/** One text of a hosted model. */
public interface HostedSession extends AutoCloseable {

    /**
     * Reads ids as a prompt.
     *
     * @return {@code [vocab]}: the logits behind the last one
     */
    float[] read(int... ids);

    /**
     * Reads one id as if it had just been written.
     *
     * @return {@code [vocab]}: the logits behind it
     */
    float[] write(int id);

    @Override
    void close();
}
