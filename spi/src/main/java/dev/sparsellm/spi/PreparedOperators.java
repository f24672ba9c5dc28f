package dev.sparsellm.spi;

/**
 * The operators a provider made ready for one model: repacked weights, thresholds, tables. Shared by all sessions and
 * read-only once returned; safe for use by any number of threads.
 */
public interface PreparedOperators extends AutoCloseable {

    /**
     * Opens operators with scratch of their own. Sessions run at the same time without seeing each other.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    SessionOperators newSession(SessionContext context);

    /**
     * How the result of an operator differs from the exact one. The conformance kit holds the operator to exactly this.
     *
     * @param key an operator this provider took
     */
    default Approximation approximation(OperatorKey key) {
        return new Approximation.Exact();
    }

    /**
     * One line on what is in force, such as method, level and data used, printed when the model is opened; or empty. Names
     * all that changes results and that settings do not say, such as what a file held: a host may keep results under it.
     */
    default String summary() {
        return "";
    }

    /** Frees memory, mappings and files. The host closes all sessions first. A second call does nothing. */
    @Override
    void close();
}
