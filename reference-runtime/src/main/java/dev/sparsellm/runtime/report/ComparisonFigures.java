package dev.sparsellm.runtime.report;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.compare.Comparison.Contender;
import dev.sparsellm.runtime.compare.Comparison.Request;
import dev.sparsellm.runtime.compare.Comparison.Subject;
import dev.sparsellm.runtime.compare.LayerSparsity;
import dev.sparsellm.runtime.compare.SideBySide;
import dev.sparsellm.runtime.compare.TextQuality;
import dev.sparsellm.runtime.quality.Divergence;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** All figures of a comparison as maps, lists, strings and numbers; what could not be measured is null. */
public final class ComparisonFigures {

    private ComparisonFigures() {}

    /** The object that {@code compare --json} prints. */
    public static Map<String, Object> of(Comparison comparison) {
        SideBySide writing = comparison.writing();
        TextQuality quality = comparison.quality();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("model", subject(comparison.subject()));
        map.put("request", request(comparison.request()));
        map.put("a", contender(comparison.a(), writing.a(), quality.referencePerplexity()));
        map.put("b", contender(comparison.b(), writing.b(), quality.otherPerplexity()));
        map.put("first_difference", writing.firstDifference() < 0 ? null : writing.firstDifference());
        map.put("speed_ratio", orNull(writing.speedRatio()));
        map.put("ideal_speed_ratio", orNull(comparison.idealSpeedRatio()));
        map.put("perplexity_ratio", orNull(quality.otherPerplexity() / quality.referencePerplexity()));
        Map<String, Object> kl = new LinkedHashMap<>();
        kl.put("mean", orNull(quality.meanKl()));
        kl.put("p99", orNull(quality.klQuantile(0.99)));
        kl.put("max", orNull(quality.klQuantile(1)));
        kl.put("positions", quality.positions().stream().map(Divergence::kl).map(ComparisonFigures::orNull).toList());
        map.put("kl", kl);
        map.put("same_top", orNull(quality.sameTop()));
        return map;
    }

    private static Map<String, Object> subject(Subject subject) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", subject.name());
        map.put("file", subject.file());
        map.put("fingerprint", subject.fingerprint());
        map.put("layers", subject.layers());
        map.put("vocab", subject.vocab());
        map.put("kernels", subject.kernels());
        map.put("threads", subject.threads());
        map.put("java", Runtime.version().toString());
        return map;
    }

    private static Map<String, Object> request(Request request) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("prompt", request.prompt());
        map.put("tokens", request.maxTokens());
        map.put("temperature", request.sampling().temperature());
        map.put("repetition_penalty", request.sampling().repetitionPenalty());
        map.put("seed", request.sampling().seed());
        map.put("text", request.textName());
        map.put("ctx", request.windows().length());
        map.put("chunks", request.windows().count());
        map.put("scored_tokens", request.windows().count() * request.windows().scoredPerWindow());
        return map;
    }

    private static Map<String, Object> contender(Contender contender, SideBySide.Side side, double perplexity) {
        Generation generation = side.generation();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("preference", contender.preference());
        map.put("providers", contender.providers());
        map.put("settings", contender.settings());
        map.put("summaries", contender.summaries());
        map.put("text", generation.text());
        map.put("ids", Arrays.stream(generation.ids()).boxed().toList());
        map.put("stop", generation.stop().name().toLowerCase(Locale.ROOT));
        map.put("tokens_per_second", orNull(side.medianTokensPerSecond()));
        map.put("tokens_per_second_rounds", side.tokensPerSecond().stream().map(ComparisonFigures::orNull).toList());
        map.put("weight_bytes_per_token", Math.round(contender.traffic().bytes()));
        map.put("perplexity", orNull(perplexity));
        map.put("sparsity", contender.isSparse() ? contender.layers().stream().map(ComparisonFigures::layer).toList() : List.of());
        return map;
    }

    private static Map<String, Object> layer(LayerSparsity layer) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("layer", layer.layer());
        map.put("feed_forward", orNull(layer.feedForward()));
        map.put("query", orNull(layer.query()));
        map.put("output", orNull(layer.output()));
        return map;
    }

    /** JSON has no NaN. */
    private static Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
