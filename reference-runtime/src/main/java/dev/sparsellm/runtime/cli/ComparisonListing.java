package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.compare.Comparison.Contender;
import dev.sparsellm.runtime.report.CommonWords;
import dev.sparsellm.runtime.report.Figure;
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
        Meaning.commands(comparison).forEach(command -> out.println("  " + command));
    }

    private void printTexts() {
        Comparison.Request request = comparison.request();
        TextColumns.wrap("Both write on from: " + TextColumns.harmless(request.prompt()), width).forEach(out::println);
        out.println();
        String left = TextColumns.harmless(comparison.writing().a().generation().text());
        String right = TextColumns.harmless(comparison.writing().b().generation().text());
        int same = CommonWords.length(left, right);
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
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("", cut(comparison.a().preference(), 24), cut(comparison.b().preference(), 24), ""));
        Figure.of(comparison).forEach(figure -> rows.add(List.of(figure.name(), figure.a(), figure.b(), figure.remark())));
        out.print(Listing.table("", rows));
    }

    private static String cut(String text, int width) {
        return TextColumns.width(text) <= width ? text : text.substring(0, width - 1) + "…";
    }

    private String bold(String text) {
        return colours ? "\033[1m" + text + "\033[0m" : text;
    }
}
