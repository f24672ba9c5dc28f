package dev.sparsellm.runtime.report;

import dev.sparsellm.runtime.compare.LayerSparsity;
import dev.sparsellm.runtime.compare.Sweep;
import dev.sparsellm.runtime.compare.Sweep.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.ToDoubleFunction;

/** All figures of a sweep; what could not be measured is null, or empty in a table. */
public final class SweepFigures {

    private SweepFigures() {}

    /** The object that {@code sweep --json} prints. */
    public static Map<String, Object> of(Sweep sweep) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("name", sweep.subject().name());
        model.put("file", sweep.subject().file());
        model.put("fingerprint", sweep.subject().fingerprint());
        model.put("kernels", sweep.subject().kernels());
        model.put("threads", sweep.subject().threads());
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("text", sweep.request().textName());
        request.put("ctx", sweep.request().windows().length());
        request.put("chunks", sweep.request().windows().count());
        request.put("scored_tokens", sweep.request().windows().count() * sweep.request().windows().scoredPerWindow());
        request.put("tokens", sweep.request().tokens());
        request.put("rounds", sweep.request().rounds());
        Map<String, Object> reference = new LinkedHashMap<>();
        reference.put("preference", sweep.reference().preference());
        reference.put("perplexity", orNull(sweep.reference().perplexity()));
        reference.put("tokens_per_second", orNull(Sweep.median(sweep.reference().tokensPerSecond())));
        reference.put("weight_bytes_per_token", Math.round(sweep.reference().weightBytes()));
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("model", model);
        map.put("request", request);
        map.put("reference", reference);
        List<Map<String, Object>> points = new ArrayList<>();
        sweep.points().forEach(point -> points.add(row(sweep, point)));
        map.put("points", points);
        return map;
    }

    /** A table with a line for each point, separated by commas, headings first. */
    public static String csv(Sweep sweep) {
        StringBuilder csv = new StringBuilder();
        for (Point point : sweep.points()) {
            Map<String, Object> row = row(sweep, point);
            if (csv.isEmpty()) {
                csv.append(String.join(",", row.keySet())).append('\n');
            }
            StringJoiner line = new StringJoiner(",");
            row.values().forEach(value -> line.add(cell(value)));
            csv.append(line).append('\n');
        }
        return csv.toString();
    }

    private static String cell(Object value) {
        String text = value == null ? "" : value.toString();
        return text.matches("[^,\"\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    private static Map<String, Object> row(Sweep sweep, Point point) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("series", point.candidate().series());
        row.put("level", point.candidate().level());
        row.put("preference", point.candidate().preference());
        row.put("perplexity", orNull(point.perplexity()));
        row.put("perplexity_ratio", orNull(point.perplexity() / sweep.reference().perplexity()));
        row.put("kl", orNull(point.meanKl()));
        row.put("kl_p99", orNull(point.klP99()));
        row.put("same_top", orNull(point.sameTop()));
        row.put("tokens_per_second", orNull(Sweep.median(point.tokensPerSecond())));
        row.put("speed_ratio", orNull(sweep.speedRatio(point)));
        row.put("ideal_ratio", orNull(sweep.idealRatio(point)));
        row.put("weight_bytes_per_token", Math.round(point.traffic().bytes()));
        row.put("feed_forward", mean(point, LayerSparsity::feedForward));
        row.put("query", mean(point, LayerSparsity::query));
        row.put("output", mean(point, LayerSparsity::output));
        return row;
    }

    private static Double mean(Point point, ToDoubleFunction<LayerSparsity> share) {
        return orNull(point.layers().stream().mapToDouble(share).filter(Double::isFinite).average().orElse(Double.NaN));
    }

    /** JSON has no NaN. */
    private static Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
