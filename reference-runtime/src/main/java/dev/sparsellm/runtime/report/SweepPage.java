package dev.sparsellm.runtime.report;

import dev.sparsellm.runtime.compare.Sweep;
import dev.sparsellm.runtime.compare.Sweep.Point;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A sweep as one page with plots like the papers' figures: quality and speed against sparsity. */
public final class SweepPage {

    /** What many would pay: one percent of perplexity. */
    private static final double TOLERABLE = 1.01;

    private SweepPage() {}

    /** The page. */
    public static String of(Sweep sweep) {
        Map<String, String> parts = new HashMap<>();
        parts.put("title", Html.escape(sweep.subject().name() + ": a sweep"));
        parts.put("heading", Html.escape("How much " + sweep.subject().name() + " can leave out"));
        parts.put("subject", Html.escape(sweep.subject().layers() + " layers, by " + sweep.subject().kernels()
                + " kernels on " + sweep.subject().threads() + (sweep.subject().threads() == 1 ? " thread" : " threads")
                + ", beside " + sweep.reference().preference()));
        parts.put("tiles", tiles(sweep));
        parts.put("story", "");
        parts.put("plots", plots(sweep));
        parts.put("figures", figures(sweep));
        parts.put("settings", settings(sweep));
        return Page.fill("sweep.js", SweepFigures.of(sweep), parts);
    }

    private static String tiles(Sweep sweep) {
        StringBuilder tiles = new StringBuilder();
        tiles.append(Page.tile(Figure.number("%.3f", sweep.reference().perplexity()),
                "perplexity of " + sweep.reference().preference()));
        sweep.points().stream().map(point -> point.candidate().series()).distinct().forEach(series ->
                tiles.append(affordable(sweep, series)
                        .map(point -> Page.tile(
                                Figure.number("%.0f %%", 100 * point.candidate().level()),
                                series + " for at most 1 % of perplexity: "
                                        + Figure.number("%.2f× at best", sweep.idealRatio(point))))
                        .orElseGet(() -> Page.tile("-", series + ": no point tried costs less than 1 % of perplexity"))));
        return tiles.toString();
    }

    /** The furthest point of a series that is tolerable, as all before it are. */
    static Optional<Point> affordable(Sweep sweep, String series) {
        return sweep.points().stream()
                .filter(point -> point.candidate().series().equals(series))
                .sorted(Comparator.comparingDouble(point -> point.candidate().level()))
                .takeWhile(point -> point.perplexity() <= TOLERABLE * sweep.reference().perplexity())
                .reduce((before, last) -> last);
    }

    private static String plots(Sweep sweep) {
        return Page.plot("perplexity", "Perplexity", "The share asked for, and what the text then costs. Methods differ in"
                        + " what they apply it to (cats leaves attention alone): the last plot is the fair one.")
                + Page.plot("kl", "KL divergence", "Mean over positions of KL(" + sweep.reference().preference()
                        + " ‖ sparse), nats: damage that perplexity does not show.")
                + Page.plot("top", "Same likeliest token", "Share of positions where greedy decoding goes on alike.")
                + Page.plot("speed", "Speed", "As many times as fast as " + sweep.reference().preference()
                        + ": measured, and dashed what weights not read would allow at best.")
                + Page.plot("trade", "Quality for bytes", "Weights read for a token, and perplexity: lines further down"
                        + " pay less for the same.");
    }

    private static String figures(Sweep sweep) {
        Html.Table table = new Html.Table().head(
                "", "perplexity", "change", "KL", "same top", "tokens/s", "speed", "at best", "");
        table.figure(sweep.reference().preference(), "", Figure.number("%.3f", sweep.reference().perplexity()), "", "", "",
                Figure.number("%.1f", Sweep.median(sweep.reference().tokensPerSecond())), "", "");
        for (Point point : sweep.points()) {
            table.figure(
                    point.candidate().series() + " " + Figure.number("%.2f", point.candidate().level()),
                    "",
                    Figure.number("%.3f", point.perplexity()),
                    Figure.number("%+.2f %%", 100 * (point.perplexity() / sweep.reference().perplexity() - 1)),
                    Figure.number("%.4f", point.meanKl()),
                    Figure.number("%.1f %%", 100 * point.sameTop()),
                    Figure.number("%.1f", Sweep.median(point.tokensPerSecond())),
                    Figure.number("%.2f×", sweep.speedRatio(point)),
                    Figure.number("%.2f×", sweep.idealRatio(point)));
        }
        return table.toString();
    }

    private static String settings(Sweep sweep) {
        Sweep.Request request = sweep.request();
        return new Html.Table()
                .text("model", sweep.subject().name())
                .text("file", sweep.subject().file())
                .text("fingerprint of its weights", sweep.subject().fingerprint())
                .text("text", request.textName() + ": " + request.windows().count() + " windows of "
                        + request.windows().length() + " tokens, the second half of each scored, token by token")
                .text("speed", request.rounds() == 0
                        ? "not measured"
                        : "median of " + request.rounds() + " rounds in which all take turns, " + request.tokens()
                                + " tokens each")
                .text("Java", Runtime.version().toString())
                .toString();
    }
}
