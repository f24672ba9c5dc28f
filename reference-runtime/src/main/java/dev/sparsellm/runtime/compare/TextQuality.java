package dev.sparsellm.runtime.compare;

import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.quality.Divergence;
import dev.sparsellm.runtime.quality.Usages;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far a lineup's predictions are from the reference's on a text, at every scored position.
 *
 * @param positions in the order of the text
 * @param referenceUsage what the reference's providers did at the scored positions
 * @param otherUsage what the other's providers did there
 */
public record TextQuality(
        List<Divergence> positions,
        SortedMap<OperatorKey, Usage> referenceUsage,
        SortedMap<OperatorKey, Usage> otherUsage) {

    public TextQuality {
        positions = List.copyOf(positions);
    }

    /** One lineup beside the reference; see {@link #of(Model, Lineup, List, Windows, ProgressSink)}. */
    public static TextQuality of(
            Model model, Lineup reference, Lineup other, Windows windows, ProgressSink progress) {
        return of(model, reference, List.of(other), windows, progress).getFirst();
    }

    /**
     * Reads each window with all lineups: the first half at once, as a prompt, the scored half one token at a time as
     * generation would, so that what a lineup does while decoding is what is measured, bytes included. They take turns
     * token by token, so that no more than one row of logits of each is held.
     *
     * @return one for each of {@code others}
     */
    public static List<TextQuality> of(
            Model model, Lineup reference, List<Lineup> others, Windows windows, ProgressSink progress) {
        long total = (long) windows.count() * windows.scoredPerWindow();
        try (Reader first = new Reader(model, reference, windows);
                Readers rest = new Readers(others.stream().map(other -> new Reader(model, other, windows)).toList());
                ProgressSink.Work work = progress.start("Comparing predictions", total)) {
            long done = 0;
            for (int w = 0; w < windows.count(); w++) {
                int[] ids = windows.window(w);
                int[] prompt = Arrays.copyOf(ids, windows.firstScored());
                first.begin(prompt);
                rest.list().forEach(reader -> reader.begin(prompt));
                for (int i = prompt.length; i + 1 < ids.length; i++) {
                    float[] expected = first.next(ids[i]);
                    for (Reader reader : rest.list()) {
                        reader.add(expected, reader.next(ids[i]), ids[i + 1]);
                    }
                    work.done(++done);
                }
                first.end();
                rest.list().forEach(Reader::end);
            }
            return rest.list().stream()
                    .map(reader -> new TextQuality(reader.positions, first.usage, reader.usage))
                    .toList();
        }
    }

    /** One lineup, reading. */
    private static final class Reader implements AutoCloseable {

        private final Session session;
        private final int vocab;
        private final float[] logits; // [vocab], of the last token
        private final List<Divergence> positions = new ArrayList<>();
        private final SortedMap<OperatorKey, Usage> usage = new TreeMap<>();
        private SortedMap<OperatorKey, Usage> before = new TreeMap<>();

        Reader(Model model, Lineup lineup, Windows windows) {
            session = model.newSession(lineup, windows.length());
            vocab = model.description().shape().vocab();
            logits = new float[vocab];
        }

        void begin(int[] prompt) {
            session.reset();
            session.read(prompt, prompt.length, (row, all, offset) -> {});
            before = session.usages();
        }

        float[] next(int id) {
            session.readAsDecoding(new int[] {id}, (row, all, offset) ->
                    System.arraycopy(all, offset, logits, 0, vocab));
            return logits;
        }

        void add(float[] expected, float[] predicted, int next) {
            positions.add(Divergence.of(expected, 0, predicted, 0, vocab, next));
        }

        void end() {
            Usages.add(usage, session.usages(), before);
        }

        @Override
        public void close() {
            session.close();
        }
    }

    private record Readers(List<Reader> list) implements AutoCloseable {
        @Override
        public void close() {
            list.forEach(Reader::close);
        }
    }

    /** Perplexity of the reference. */
    public double referencePerplexity() {
        return Math.exp(positions.stream().mapToDouble(Divergence::referenceLoss).average().orElse(Double.NaN));
    }

    /** Perplexity of the other. */
    public double otherPerplexity() {
        return Math.exp(positions.stream().mapToDouble(Divergence::otherLoss).average().orElse(Double.NaN));
    }

    /** Mean of KL(reference ‖ other), nats. */
    public double meanKl() {
        return positions.stream().mapToDouble(Divergence::kl).average().orElse(Double.NaN);
    }

    /** The smallest KL that a share of positions, such as 0.99, does not exceed. */
    public double klQuantile(double share) {
        double[] sorted = positions.stream().mapToDouble(Divergence::kl).sorted().toArray();
        int rank = Math.clamp((long) Math.ceil(share * sorted.length) - 1, 0, Math.max(0, sorted.length - 1));
        return sorted.length == 0 ? Double.NaN : sorted[rank];
    }

    /** Share of positions where both put the same token first. */
    public double sameTop() {
        return positions.stream().filter(Divergence::sameTop).count() / (double) positions.size();
    }
}
