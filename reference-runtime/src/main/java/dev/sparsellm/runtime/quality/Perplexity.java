package dev.sparsellm.runtime.quality;

import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.SortedMap;

/**
 * {@code exp(−mean log p(next token))} over the second half of each window.
 *
 * @param perplexity the figure
 * @param standardError of the figure, from the spread of log-likelihoods
 * @param tokens scored
 * @param windows read
 * @param nanos time taken
 * @param usages what providers did meanwhile
 */
public record Perplexity(
        double perplexity, double standardError, long tokens, int windows, long nanos, SortedMap<OperatorKey, Usage> usages) {

    /** Scores windows of text under a lineup. */
    public static Perplexity of(Model model, Lineup lineup, Windows windows, ProgressSink progress) {
        Sums sums = new Sums();
        long start = System.nanoTime();
        try (Session session = model.newSession(lineup, windows.length());
                ProgressSink.Work work = progress.start("Perplexity", windows.count())) {
            for (int w = 0; w < windows.count(); w++) {
                int[] ids = windows.window(w);
                session.reset();
                int vocab = model.description().shape().vocab();
                session.read(ids, windows.firstScored(), (row, logits, offset) -> {
                    if (row + 1 < ids.length) {
                        sums.add(-LogSoftmax.at(logits, offset, vocab, ids[row + 1]));
                    }
                });
                work.done(w + 1);
            }
            double mean = sums.total / sums.count;
            double variance = Math.max(0, sums.squares / sums.count - mean * mean);
            double perplexity = Math.exp(mean);
            return new Perplexity(
                    perplexity,
                    perplexity * Math.sqrt(variance / Math.max(1, sums.count - 1)),
                    sums.count,
                    windows.count(),
                    System.nanoTime() - start,
                    session.usages());
        }
    }

    private static final class Sums {
        private double total;
        private double squares;
        private long count;

        void add(double loss) {
            total += loss;
            squares += loss * loss;
            count++;
        }
    }
}
