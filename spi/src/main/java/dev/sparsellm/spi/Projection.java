package dev.sparsellm.spi;

/** The product with one weight matrix, for one session. */
@FunctionalInterface
public interface Projection {

    /**
     * Computes {@code y[b][r] = Σ_c W[r][c] · x[b][c]} for each row b.
     *
     * <p>Called by one thread at a time; may use the session's {@link WorkerGroup}. Allocates nothing. Reads
     * {@code x[0 .. batch·columns)}, writes all of {@code y[0 .. batch·rows)} and nothing else; the two do not overlap,
     * and either array may be longer. NaN and infinities in a row reach that row's output, and no other's.
     *
     * @param x {@code [batch][columns]}
     * @param y {@code [batch][rows]}, overwritten
     */
    void apply(Pass pass, float[] x, float[] y);
}
