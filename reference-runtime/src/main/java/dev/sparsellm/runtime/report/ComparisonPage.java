package dev.sparsellm.runtime.report;

import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.compare.Comparison.Contender;
import dev.sparsellm.runtime.compare.Comparison.Request;
import dev.sparsellm.runtime.compare.Comparison.Subject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A comparison as one page that opens anywhere, offline: the library that draws its plots is part of it. */
public final class ComparisonPage {

    private final Comparison comparison;
    private final Contender a;
    private final Contender b;

    private ComparisonPage(Comparison comparison) {
        this.comparison = comparison;
        a = comparison.a();
        b = comparison.b();
    }

    /** The page. */
    public static String of(Comparison comparison) {
        return new ComparisonPage(comparison).page();
    }

    private String page() {
        Subject subject = comparison.subject();
        Map<String, String> parts = new HashMap<>();
        parts.put("title", Html.escape(subject.name() + ": " + a.preference() + " and " + b.preference()));
        parts.put("heading", Html.escape(b.preference() + " beside " + a.preference()));
        parts.put("subject", Html.escape(subject.name() + ", " + subject.layers() + " layers, by " + subject.kernels()
                + " kernels on " + subject.threads() + (subject.threads() == 1 ? " thread" : " threads")));
        parts.put("tiles", tiles());
        parts.put("story", meaning() + texts());
        parts.put("plots", plots());
        parts.put("figures", figures());
        parts.put("settings", settings());
        return Page.fill("report.js", ComparisonFigures.of(comparison), parts);
    }

    private String tiles() {
        return Page.tile(Figure.number("%.2f×", comparison.writing().speedRatio()), "speed, measured")
                + Page.tile(Figure.number("%.2f×", comparison.idealSpeedRatio()), "speed, at best, by weights read")
                + Page.tile(Figure.number("%+.1f %%", 100 * (comparison.quality().otherPerplexity()
                        / comparison.quality().referencePerplexity() - 1)), "perplexity")
                + Page.tile(Figure.number("%.1f %%", 100 * comparison.quality().sameTop()), "same likeliest token");
    }

    private static String paragraphs(List<String> sentences) {
        StringBuilder html = new StringBuilder();
        sentences.forEach(sentence -> html.append("<p>")
                .append(Html.escape(sentence).replace(" %", "&#160;%"))
                .append("</p>\n"));
        return html.toString();
    }

    private static String commands(List<String> lines) {
        return lines.isEmpty() ? "" : "<pre>" + Html.escape(String.join("\n", lines)) + "</pre>\n";
    }

    private String meaning() {
        return "<section>\n" + paragraphs(Meaning.of(comparison)) + commands(Meaning.commands(comparison)) + "</section>\n";
    }

    private String texts() {
        String left = comparison.writing().a().generation().text();
        String right = comparison.writing().b().generation().text();
        int same = CommonWords.length(left, right);
        return "<section>\n<h2>What both write</h2>\n<p class=\"sub\">Prompt: <q>" + Html.escape(comparison.request().prompt())
                + "</q></p>\n<div class=\"texts\">\n" + text(a.preference(), left, same) + text(b.preference(), right, same)
                + "</div>\n" + (left.equals(right) ? "<p>Both write the same.</p>\n" : "") + "</section>\n";
    }

    private static String text(String name, String text, int same) {
        int word = same;
        while (word < text.length() && (word == same || !Character.isWhitespace(text.charAt(word)))) {
            word++;
        }
        return "<div class=\"card\"><h3>" + Html.escape(name) + "</h3><div class=\"text\">"
                + Html.escape(text.substring(0, same).stripLeading())
                + (word == same ? "" : "<mark>" + Html.escape(text.substring(same, word)) + "</mark>")
                + Html.escape(text.substring(word))
                + "</div></div>\n";
    }

    private String plots() {
        StringBuilder html = new StringBuilder();
        if (a.isSparse()) {
            html.append(Page.plot("sparsity-a", "Left out by " + a.preference(), SPARSITY));
        }
        if (b.isSparse()) {
            html.append(Page.plot("sparsity-b", "Left out by " + b.preference(), SPARSITY));
        }
        html.append(Page.plot("kl", "How far predictions are apart",
                "KL(" + a.preference() + " ‖ " + b.preference() + ") at each scored position: 0 where both"
                        + " predict alike."));
        html.append(Page.plot("speed", "Speed, round by round",
                "The two took turns, so that a machine whose speed drifts treats both alike."));
        return html.toString();
    }

    private static final String SPARSITY = "Share of channels, counted while reading the scored half of each window token by"
            + " token.";

    private String figures() {
        Html.Table table = new Html.Table().head("", a.preference(), b.preference(), "");
        Figure.of(comparison).forEach(figure ->
                table.figure(figure.name(), figure.remark(), figure.a(), figure.b()));
        return table.toString();
    }

    private String settings() {
        Subject subject = comparison.subject();
        Request request = comparison.request();
        Html.Table table = new Html.Table()
                .text("model", subject.name())
                .text("file", subject.file())
                .text("fingerprint of its weights", subject.fingerprint())
                .text("writing", "at most " + request.maxTokens() + " tokens, temperature "
                        + request.sampling().temperature() + ", repetition penalty "
                        + request.sampling().repetitionPenalty() + ", seed " + request.sampling().seed())
                .text("text", request.textName() + ": " + request.windows().count() + " windows of "
                        + request.windows().length() + " tokens, the second half of each scored")
                .text("Java", Runtime.version().toString());
        contender(table, "a", a);
        contender(table, "b", b);
        return table.toString();
    }

    private static void contender(Html.Table table, String letter, Contender contender) {
        table.text(letter, contender.preference());
        contender.summaries().forEach(summary -> table.text("", summary));
        contender.settings().forEach((key, value) -> table.text("", key + " = " + value));
    }
}
