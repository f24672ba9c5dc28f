package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.compare.Comparison.Contender;
import dev.sparsellm.runtime.compare.LayerSparsity;
import dev.sparsellm.runtime.compare.SideBySide;
import dev.sparsellm.runtime.compare.TextQuality;
import dev.sparsellm.runtime.report.Meaning;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A comparison, for a terminal or a file. */
final class ComparisonListing {

    /** Where no terminal says how wide it is. */
    private static final int USUAL_WIDTH = 100;

    private static final int WIDEST = 140;
    private static final int NARROWEST_COLUMN = 28;
    private static final String GAP = " │ ";
    private static final int BAR = 10;

    /** Put before the first difference. */
    private static final String MARK = "»";

    private final Comparison comparison;
    private final PrintStream out;
    private final int width;
    private final boolean colours;

    ComparisonListing(Comparison comparison, Streams streams) {
        this.comparison = comparison;
        out = streams.out();
        width = Math.min(WIDEST, streams.errIsTerminal() ? streams.columns() - 1 : USUAL_WIDTH);
        colours = streams.isInteractive() && streams.errIsTerminal() && System.getenv("NO_COLOR") == null;
    }

    void print() {
        Comparison.Subject subject = comparison.subject();
        out.println(bold(TextColumns.harmless(subject.name())) + ", " + subject.layers() + " layers, by " + subject.kernels()
                + " kernels on " + subject.threads() + (subject.threads() == 1 ? " thread" : " threads"));
        out.println();
        printTexts();
        printSparsity(comparison.a());
        printSparsity(comparison.b());
        printFigures();
        for (String sentence : Meaning.of(comparison)) {
            out.println();
            TextColumns.wrap(sentence, width).forEach(out::println);
        }
    }

    private void printTexts() {
        Comparison.Request request = comparison.request();
        TextColumns.wrap("Both write on from: " + TextColumns.harmless(request.prompt()), width).forEach(out::println);
        out.println();
        String left = TextColumns.harmless(comparison.writing().a().generation().text());
        String right = TextColumns.harmless(comparison.writing().b().generation().text());
        int same = commonWords(left, right);
        boolean differ = !left.equals(right);
        left = marked(left, same, differ).strip();
        right = marked(right, same, differ).strip();
        int column = (width - GAP.length()) / 2;
        if (column < NARROWEST_COLUMN) {
            printBelow(comparison.a().preference(), left, differ);
            printBelow(comparison.b().preference(), right, differ);
            return;
        }
        List<String> a = TextColumns.wrap(left, column);
        List<String> b = TextColumns.wrap(right, column);
        Painter paintA = new Painter();
        Painter paintB = new Painter();
        out.println(bold(TextColumns.pad(cut(comparison.a().preference(), column), column)) + GAP
                + bold(cut(comparison.b().preference(), column)));
        out.println("─".repeat(column + 1) + "┼" + "─".repeat(column + 1));
        for (int i = 0; i < Math.max(a.size(), b.size()); i++) {
            String one = TextColumns.pad(i < a.size() ? a.get(i) : "", column);
            String two = i < b.size() ? b.get(i) : "";
            out.println((paintA.paint(one) + GAP + paintB.paint(two)).stripTrailing());
        }
        out.println();
        if (!differ) {
            out.println("Both write the same.");
            out.println();
        }
    }

    private void printBelow(String name, String text, boolean differ) {
        Painter painter = new Painter();
        out.println(bold(cut(name, width)));
        TextColumns.wrap(text, width).forEach(line -> out.println(painter.paint(line)));
        out.println();
    }

    /** Colours what comes after the mark. */
    private final class Painter {

        private boolean after;

        String paint(String line) {
            int mark = line.indexOf(MARK);
            if (!colours || !after && mark < 0) {
                return line;
            }
            int from = after ? 0 : mark;
            after = true;
            return line.substring(0, from) + "\033[33m" + line.substring(from) + "\033[0m";
        }
    }

    private static String marked(String text, int at, boolean differ) {
        return differ ? text.substring(0, at) + MARK + text.substring(at) : text;
    }

    /** Where the first word begins in which two texts differ. */
    private static int commonWords(String a, String b) {
        int same = 0;
        while (same < Math.min(a.length(), b.length()) && a.charAt(same) == b.charAt(same)) {
            same++;
        }
        boolean insideWord = same < a.length() && !Character.isWhitespace(a.charAt(same))
                || same < b.length() && !Character.isWhitespace(b.charAt(same));
        while (insideWord && same > 0 && !Character.isWhitespace(a.charAt(same - 1))) {
            same--;
        }
        return same;
    }

    private void printSparsity(Contender contender) {
        if (!contender.isSparse()) {
            return;
        }
        out.println("Left out by " + contender.preference() + ", share of channels, layer by layer");
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("layer", "feed-forward", "Q inputs", "O inputs"));
        contender.layers().forEach(layer -> rows.add(List.of(
                Integer.toString(layer.layer()),
                bar(layer.feedForward()),
                bar(layer.query()),
                bar(layer.output()))));
        out.println(Listing.table("  ", rows));
    }

    private static String bar(double share) {
        if (Double.isNaN(share)) {
            return "dense";
        }
        int full = (int) Math.round(share * BAR);
        return "█".repeat(full) + "░".repeat(BAR - full) + String.format(Locale.ROOT, " %2.0f %%", 100 * share);
    }

    private void printFigures() {
        SideBySide writing = comparison.writing();
        TextQuality quality = comparison.quality();
        Contender a = comparison.a();
        Contender b = comparison.b();
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("", cut(a.preference(), 24), cut(b.preference(), 24), ""));
        rows.add(List.of(
                "tokens per second",
                speed(writing.a().medianTokensPerSecond()),
                speed(writing.b().medianTokensPerSecond()),
                ratio("%.2f times as fast (median of " + writing.a().tokensPerSecond().size() + " rounds, in turn)",
                        writing.speedRatio())));
        rows.add(List.of(
                "weights read per token",
                Listing.bytes(Math.round(a.traffic().bytes())),
                Listing.bytes(Math.round(b.traffic().bytes())),
                ratio("%.2f times as fast at best", comparison.idealSpeedRatio())));
        rows.add(List.of(
                "perplexity",
                number("%.3f", quality.referencePerplexity()),
                number("%.3f", quality.otherPerplexity()),
                number("%+.2f %%", 100 * (quality.otherPerplexity() / quality.referencePerplexity() - 1))));
        rows.add(List.of(
                "KL divergence, nats", "", number("%.4f", quality.meanKl()),
                "mean; 99 %% of positions below %s".formatted(number("%.3f", quality.klQuantile(0.99)))));
        rows.add(List.of("same likeliest token", "", number("%.1f %%", 100 * quality.sameTop()), "of "
                + quality.positions().size() + " positions, on " + comparison.request().textName()));
        out.print(Listing.table("", rows));
    }

    private static String speed(double tokensPerSecond) {
        return number("%.1f", tokensPerSecond);
    }

    private static String ratio(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "";
    }

    private static String number(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "-";
    }

    private static String cut(String text, int width) {
        return TextColumns.width(text) <= width ? text : text.substring(0, width - 1) + "…";
    }

    private String bold(String text) {
        return colours ? "\033[1m" + text + "\033[0m" : text;
    }
}
