package dev.sparsellm.spi;

/** A feed-forward block of one layer, for one session. */
@FunctionalInterface
public interface FeedForward {

    /**
     * Computes {@code y = down(act(gate·x) ⊙ up·x)} for each row.
     *
     * <p>Called by one thread at a time; may use the session's {@link WorkerGroup}. Allocates nothing. Reads
     * {@code x[0 .. batch·dim)}, writes all of {@code y[0 .. batch·dim)} and nothing else; the two do not overlap, and
     * either array may be longer. NaN and infinities in a row reach that row's output, and no other's.
     *
     * @param x {@code [batch][dim]}, after the block's norm
     * @param y {@code [batch][dim]}, overwritten
     */
    void apply(Pass pass, float[] x, float[] y);
}
