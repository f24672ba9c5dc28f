package dev.sparsellm.spi;

/**
 * What the operators of one session may rely on.
 *
 * @param maxBatch the largest {@link Pass#batch()} they will see: size scratch by it
 * @param workers the threads of this session
 */
public record SessionContext(int maxBatch, WorkerGroup workers) {

    public SessionContext {
        if (maxBatch < 1) {
            throw new IllegalArgumentException("maxBatch must be at least 1, was " + maxBatch);
        }
    }
}
