package dev.sparsellm.spi;

/** Receives the progress of long work; a host shows it as a bar. Safe for use by any thread. */
public interface ProgressSink {

    /** Ignores everything. */
    ProgressSink NONE = (what, total) -> done -> {};

    /**
     * Starts a piece of work.
     *
     * @param what a few words, such as {@code "Calibrating"}
     * @param total units of work
     */
    Work start(String what, long total);

    /** A piece of work under way. */
    @FunctionalInterface
    interface Work extends AutoCloseable {

        /** Says that {@code done} of the units are behind us. */
        void done(long done);

        /** Ends the piece of work, finished or not. */
        @Override
        default void close() {}
    }
}
