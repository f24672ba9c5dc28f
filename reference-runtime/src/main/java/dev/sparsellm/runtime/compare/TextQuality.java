package dev.sparsellm.runtime.compare;

import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.quality.Divergence;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * How far a lineup's predictions are from the reference's on a text, at every scored position.
 *
 * @param positions in the order of the text
 * @param referenceUsage what the reference's providers did
 * @param otherUsage what the other's providers did
 */
public record TextQuality(
        List<Divergence> positions,
        SortedMap<OperatorKey, Usage> referenceUsage,
        SortedMap<OperatorKey, Usage> otherUsage) {

    public TextQuality {
        positions = List.copyOf(positions);
    }

    /**
     * Reads each window with both lineups, the second half of it one token at a time as generation would, so that what
     * a lineup does while decoding is what is measured.
     */
    public static TextQuality of(
            Model model, Lineup reference, Lineup other, Windows windows, ProgressSink progress) {
        int vocab = model.description().shape().vocab();
        int scored = windows.length() - windows.firstScored();
        float[] expected = new float[scored * vocab]; // [scored][vocab]
        List<Divergence> positions = new ArrayList<>();
        try (Session a = model.newSession(reference, windows.length());
                Session b = model.newSession(other, windows.length());
                ProgressSink.Work work = progress.start("Comparing predictions", windows.count())) {
            for (int w = 0; w < windows.count(); w++) {
                int[] ids = windows.window(w);
                int first = windows.firstScored();
                a.reset();
                b.reset();
                a.readAsDecoding(ids, first, (row, logits, offset) ->
                        System.arraycopy(logits, offset, expected, (row - first) * vocab, vocab));
                b.readAsDecoding(ids, first, (row, logits, offset) -> {
                    if (row + 1 < ids.length) {
                        positions.add(Divergence.of(
                                expected, (row - first) * vocab, logits, offset, vocab, ids[row + 1]));
                    }
                });
                work.done(w + 1);
            }
            return new TextQuality(positions, a.usages(), b.usages());
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

    /** The KL that a share of positions stays below, such as 0.99. */
    public double klQuantile(double share) {
        double[] sorted = positions.stream().mapToDouble(Divergence::kl).sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[(int) Math.min(sorted.length - 1, Math.ceil(share * sorted.length))];
    }

    /** Share of positions where both put the same token first. */
    public double sameTop() {
        return positions.stream().filter(Divergence::sameTop).count() / (double) positions.size();
    }
}
