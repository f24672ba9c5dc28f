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

    /**
     * Reads each window with both lineups: the first half at once, as a prompt, the scored half one token at a time as
     * generation would (so that bytes read are counted for each), so that what a lineup does while decoding is what is measured. The two take turns token by
     * token, so that no more than one row of logits of each is held.
     */
    public static TextQuality of(
            Model model, Lineup reference, Lineup other, Windows windows, ProgressSink progress) {
        int vocab = model.description().shape().vocab();
        float[] expected = new float[vocab];
        List<Divergence> positions = new ArrayList<>();
        SortedMap<OperatorKey, Usage> referenceUsage = new TreeMap<>();
        SortedMap<OperatorKey, Usage> otherUsage = new TreeMap<>();
        long total = (long) windows.count() * windows.scoredPerWindow();
        try (Session a = model.newSession(reference, windows.length());
                Session b = model.newSession(other, windows.length());
                ProgressSink.Work work = progress.start("Comparing predictions", total)) {
            for (int w = 0; w < windows.count(); w++) {
                int[] ids = windows.window(w);
                int[] prompt = Arrays.copyOf(ids, windows.firstScored());
                begin(a, prompt);
                begin(b, prompt);
                SortedMap<OperatorKey, Usage> beforeA = a.usages();
                SortedMap<OperatorKey, Usage> beforeB = b.usages();
                for (int i = prompt.length; i + 1 < ids.length; i++) {
                    int[] id = {ids[i]};
                    int next = ids[i + 1];
                    a.readAsDecoding(id, (row, logits, offset) -> System.arraycopy(logits, offset, expected, 0, vocab));
                    b.readAsDecoding(id, (row, logits, offset) ->
                            positions.add(Divergence.of(expected, 0, logits, offset, vocab, next)));
                    work.done(positions.size());
                }
                Usages.add(referenceUsage, a.usages(), beforeA);
                Usages.add(otherUsage, b.usages(), beforeB);
            }
            return new TextQuality(positions, referenceUsage, otherUsage);
        }
    }

    private static void begin(Session session, int[] prompt) {
        session.reset();
        session.read(prompt, prompt.length, (row, logits, offset) -> {});
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
