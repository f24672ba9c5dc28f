package dev.sparsellm.spi;

/** The function the host's own feed-forward block of one layer applies to the gate, for one session. */
@FunctionalInterface
public interface Activation {

    /**
     * Replaces {@code gate[offset + c]} by its activation for each channel {@code c} in {@code [from, to)}.
     *
     * <p>Unlike the other operators it is called by several workers at once, on disjoint ranges. Allocates nothing,
     * enters no {@link WorkerGroup}.
     *
     * @param gate pre-activations, changed in place
     * @param offset where channel 0 of the row is in {@code gate}
     * @param from first channel
     * @param to behind the last channel
     */
    void apply(Pass pass, float[] gate, int offset, int from, int to);
}
