package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.spi.ProgressSink;
import java.util.Collection;

/**
 * A lineup whose providers have prepared, which leaves hundreds of megabytes of garbage on the heap: profiles, and what
 * thresholds were placed with. Collected now, before the model's pages come into memory, they never add to these; later
 * nothing is allocated, and nothing would be collected (1B in Q8_0 under CHESS: 1717 MiB resident without). A collection
 * is the program's to ask for, not the library's.
 */
final class Settled {

    /** Work that takes so long is worth a collection, of some hundredths of a second. */
    private static final long LONG_NANOS = 5_000_000_000L;

    private Settled() {}

    /** The same lineup. */
    static Lineup lineup(Lineup prepared) {
        System.gc();
        return prepared;
    }

    /**
     * Has the lineups that a model is to be used with prepare, one after another, and collects what each leaves: of many
     * it would add up (six levels of a sweep on that model: 1.5 GiB).
     *
     * @param preferences of each, as {@link Model#lineup} takes them
     */
    static void prepare(Model model, Collection<String> preferences, ProgressSink progress) {
        int done = 0;
        try (ProgressSink.Work work = progress.start("Preparing", preferences.size())) {
            for (String preference : preferences) {
                lineup(model.lineup(preference));
                work.done(++done);
            }
        }
    }

    /**
     * Collects what long work has left, a calibration amid preparing, as soon as the next begins: only then has nobody
     * any use for it.
     */
    static ProgressSink between(ProgressSink progress) {
        return between(progress, LONG_NANOS, System::gc);
    }

    static ProgressSink between(ProgressSink progress, long longNanos, Runnable collection) {
        return new ProgressSink() {
            private boolean due;

            @Override
            public Work start(String what, long total) {
                if (take()) {
                    collection.run();
                }
                Work shown = progress.start(what, total);
                long start = System.nanoTime();
                return new Work() {
                    @Override
                    public void done(long done) {
                        shown.done(done);
                    }

                    @Override
                    public void close() {
                        shown.close();
                        ended(System.nanoTime() - start);
                    }
                };
            }

            private synchronized void ended(long nanos) {
                due |= nanos >= longNanos;
            }

            private synchronized boolean take() {
                boolean was = due;
                due = false;
                return was;
            }
        };
    }
}
