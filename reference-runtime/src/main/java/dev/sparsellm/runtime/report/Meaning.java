package dev.sparsellm.runtime.report;

import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.compare.Comparison.Contender;
import dev.sparsellm.runtime.compare.LayerSparsity;
import dev.sparsellm.runtime.compare.TextQuality;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What a comparison means, in plain sentences; also what it cannot say. */
public final class Meaning {

    /** Weights read per token up to here stay in the caches of today's processors, where reading them is almost free. */
    private static final double CACHED_BYTES = 48e6;

    private Meaning() {}

    /** Sentences, in order. */
    public static List<String> of(Comparison comparison) {
        List<String> sentences = new ArrayList<>();
        Contender b = comparison.b();
        if (b.isSparse()) {
            sentences.add(traffic(comparison));
        } else {
            sentences.add("Nothing was left out by " + b.preference() + ": what differs is noise of the measurement.");
        }
        quality(comparison, sentences);
        if (isCached(comparison)) {
            sentences.add("This model is small enough to stay in the processor's cache, where reading weights costs almost"
                    + " nothing, so its speeds say little about large models. For those, write a model of random weights in a"
                    + " real shape and compare that:");
        }
        return List.copyOf(sentences);
    }

    /** What to do next, as the last sentence says: lines to type; none where nothing is to be done. */
    public static List<String> commands(Comparison comparison) {
        return isCached(comparison)
                ? List.of(
                        "./sparsellm synthesize --shape llama-3.2-1b -o synthetic.gguf",
                        "./sparsellm compare --model synthetic.gguf")
                : List.of();
    }

    private static boolean isCached(Comparison comparison) {
        return comparison.a().traffic().denseBytes() < CACHED_BYTES;
    }

    private static String traffic(Comparison comparison) {
        Contender b = comparison.b();
        String left = "%s leaves out %s".formatted(b.preference(), shares(b.layers()));
        double ideal = comparison.idealSpeedRatio();
        double ratio = comparison.writing().speedRatio();
        return left + String.format(
                Locale.ROOT,
                ": it reads %.0f %% of the weights that %s reads for a token, which could make it %.2f times as fast;"
                        + " %s.",
                100 / ideal,
                comparison.a().preference(),
                ideal,
                Double.isFinite(ratio) ? measured(comparison) : "too little was written to measure it");
    }

    private static String measured(Comparison comparison) {
        DoubleSummaryStatistics rounds =
                comparison.writing().speedRatios().stream().mapToDouble(r -> r).summaryStatistics();
        String median = String.format(Locale.ROOT, "measured was %.2f times", comparison.writing().speedRatio());
        return rounds.getMin() < 1 && rounds.getMax() > 1
                ? median + ", but rounds differ so much that it may be neither faster nor slower"
                : median;
    }

    private static String shares(List<LayerSparsity> layers) {
        List<String> shares = new ArrayList<>();
        addShare(shares, layers, LayerSparsity::feedForward, "feed-forward channels");
        addShare(shares, layers, LayerSparsity::query, "inputs of Q");
        addShare(shares, layers, LayerSparsity::output, "inputs of O");
        return shares.size() < 2
                ? String.join("", shares)
                : String.join(", ", shares.subList(0, shares.size() - 1)) + " and " + shares.getLast();
    }

    private static void addShare(
            List<String> shares, List<LayerSparsity> layers, ToDoubleFunction<LayerSparsity> value, String of) {
        layers.stream()
                .mapToDouble(value)
                .filter(Double::isFinite)
                .average()
                .ifPresent(mean -> shares.add(String.format(Locale.ROOT, "%.0f %% of the %s", 100 * mean, of)));
    }

    private static void quality(Comparison comparison, List<String> sentences) {
        TextQuality quality = comparison.quality();
        double reference = quality.referencePerplexity();
        // Weights that were never trained predict no better than a die with as many faces as there are tokens.
        if (reference > 0.5 * comparison.subject().vocab()) {
            sentences.add("This model predicts no better than chance, as one of random weights does: its texts, perplexity"
                    + " and KL mean nothing, only its speeds and bytes do.");
            return;
        }
        double change = quality.otherPerplexity() / reference - 1;
        if (Math.abs(change) < 0.0005 && quality.sameTop() > 0.999) {
            sentences.add("The predictions are the same.");
            return;
        }
        sentences.add(String.format(
                Locale.ROOT,
                "Its price: perplexity %s, and at %.0f in 100 positions the likeliest next token is another one.",
                change < 0
                        ? String.format(Locale.ROOT, "does not rise here (it falls by %.1f %%)", -100 * change)
                        : String.format(Locale.ROOT, "rises by %.1f %%", 100 * change),
                100 * (1 - quality.sameTop())));
    }
}
