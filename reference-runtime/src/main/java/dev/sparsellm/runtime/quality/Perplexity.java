package dev.sparsellm.runtime.quality;

import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * {@code exp(−mean log p(next token))} over the second half of each window, which is run the way it would be written: the
 * first half is a prompt, the second is decoded, in batches.
 *
 * @param perplexity the figure
 * @param standardError of the figure, from the spread of log-likelihoods
 * @param tokens scored
 * @param windows read
 * @param nanos time taken
 * @param usages what providers did meanwhile
 * @param scoredUsages what of it they did at the positions of second halves
 */
public record Perplexity(
        double perplexity,
        double standardError,
        long tokens,
        int windows,
        long nanos,
        SortedMap<OperatorKey, Usage> usages,
        SortedMap<OperatorKey, Usage> scoredUsages) {

    /** Scores windows of text under a lineup. */
    public static Perplexity of(Model model, Lineup lineup, Windows windows, ProgressSink progress) {
        int vocab = model.description().shape().vocab();
        Sums sums = new Sums();
        SortedMap<OperatorKey, Usage> scoredUsages = new TreeMap<>();
        long start = System.nanoTime();
        try (Session session = model.newSession(lineup, windows.length());
                ProgressSink.Work work = progress.start("Perplexity", windows.count())) {
            for (int w = 0; w < windows.count(); w++) {
                int[] ids = windows.window(w);
                int[] prompt = Arrays.copyOf(ids, windows.firstScored());
                int[] scored = Arrays.copyOfRange(ids, windows.firstScored(), ids.length - 1);
                session.reset();
                session.read(prompt, prompt.length, (row, logits, offset) -> {});
                SortedMap<OperatorKey, Usage> before = session.usages();
                session.readAsDecoding(scored, (row, logits, offset) ->
                        sums.add(-LogSoftmax.at(logits, offset, vocab, ids[prompt.length + row + 1])));
                Usages.add(scoredUsages, session.usages(), before);
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
                    session.usages(),
                    scoredUsages);
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
