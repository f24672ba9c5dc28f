package dev.sparsellm.runtime.report;

import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.compare.SideBySide;
import dev.sparsellm.runtime.compare.TextQuality;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;

/**
 * One line of a comparison's table, in words.
 *
 * @param name what it is
 * @param a of the first lineup; empty where it is of both together
 * @param b of the second
 * @param remark what follows
 */
public record Figure(String name, String a, String b, String remark) {

    /** All lines. */
    public static List<Figure> of(Comparison comparison) {
        SideBySide writing = comparison.writing();
        TextQuality quality = comparison.quality();
        double referencePerplexity = quality.referencePerplexity();
        double otherPerplexity = quality.otherPerplexity();
        return List.of(
                new Figure(
                        "tokens per second",
                        number("%.1f", writing.a().medianTokensPerSecond()),
                        number("%.1f", writing.b().medianTokensPerSecond()),
                        number("%.2f times as fast", writing.speedRatio()) + spread(writing.speedRatios())),
                new Figure(
                        "weights read per token",
                        megabytes(comparison.a().traffic().bytes()),
                        megabytes(comparison.b().traffic().bytes()),
                        number("%.2f times as fast at best", comparison.idealSpeedRatio())),
                new Figure(
                        "perplexity",
                        number("%.3f", referencePerplexity),
                        number("%.3f", otherPerplexity),
                        number("%+.2f %%", 100 * (otherPerplexity / referencePerplexity - 1))),
                new Figure(
                        "KL divergence, nats",
                        "",
                        number("%.4f", quality.meanKl()),
                        "mean; 99 % of positions: at most " + number("%.3f", quality.klQuantile(0.99))),
                new Figure(
                        "same likeliest token",
                        "",
                        number("%.1f %%", 100 * quality.sameTop()),
                        "of " + quality.positions().size() + " positions, on " + comparison.request().textName()));
    }

    private static String spread(List<Double> ratios) {
        DoubleSummaryStatistics range = ratios.stream().mapToDouble(r -> r).summaryStatistics();
        return Double.isFinite(range.getSum()) && range.getCount() > 0
                ? String.format(Locale.ROOT, " (%.2f to %.2f in %d rounds)", range.getMin(), range.getMax(), range.getCount())
                : "";
    }

    /** A number in words, {@code -} where there is none. */
    public static String number(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "-";
    }

    private static String megabytes(double bytes) {
        return bytes < 1e9 ? number("%.2f MB", bytes / 1e6) : number("%.2f GB", bytes / 1e9);
    }
}
