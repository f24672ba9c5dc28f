package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.spi.ProgressSink;
import java.util.Collection;

/**
 * A lineup whose providers have prepared, which leaves hundreds of megabytes of garbage on the heap: profiles, and what
 * thresholds were placed with. Collected now, before the model's pages come into memory, they never add to these; later
 * nothing is allocated, and nothing would be collected (1B in Q8_0 under CHESS: 1717 MiB resident without).
 */
final class Settled {

    private Settled() {}

    /** The same lineup. A collection is the program's to ask for, not the library's. */
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
}
