package dev.sparsellm.spi;

/**
 * The host's threads. A provider starts none of its own: it splits work into parts and hands them here.
 *
 * <p>A region costs about a microsecond where cores are free, so a good operator enters few of them. Parts are given to
 * threads as these become free, in no fixed order. To give the same bits on any number of threads, let the parts, and
 * what each of them sums, depend on shapes only, never on {@link #threads()}.
 */
public interface WorkerGroup {

    /** The most threads that run parts at the same time, the caller among them; at least 1. */
    int threads();

    /**
     * Runs {@code task.run(part, worker)} for every part in {@code [0, parts)}, and returns when all have ended: what
     * they wrote is then visible to the caller. Not to be entered from inside a part. The caller works too; with one
     * thread, or one part, everything runs on it. Allocates nothing.
     *
     * @throws RuntimeException what a part threw, after all parts have ended
     */
    void run(int parts, Task task);

    /** The body of a parallel region. Keep one per operator: a lambda made for each call would be an allocation. */
    @FunctionalInterface
    interface Task {

        /**
         * @param part which part, from 0
         * @param worker which of the threads runs it, in {@code [0, threads())}: an index for private scratch
         */
        void run(int part, int worker);
    }
}
