package dev.sparsellm.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sparsellm.runtime.compare.LayerSparsity;
import dev.sparsellm.runtime.compare.WeightTraffic;
import dev.sparsellm.spi.ModelDescription;

/** What OpenAI's form has no place for: who computed, how fast, and what was left out. */
record Figures(String provider, ModelDescription model) {

    ObjectNode of(Job.Progress progress) {
        ObjectNode figures = Json.object()
                .put("provider", provider)
                .put("tokens", progress.tokens())
                .put("tokens_per_second", rounded(progress.tokensPerSecond()))
                .put("prompt_tokens_per_second", rounded(progress.promptTokensPerSecond()));
        if (progress.passes() > 0) {
            WeightTraffic traffic = WeightTraffic.of(model, progress.usage());
            figures.put("weights_read", rounded(traffic.bytes() / traffic.denseBytes()));
        }
        ArrayNode layers = Json.array();
        for (LayerSparsity layer : LayerSparsity.of(model.shape().layers(), progress.usage())) {
            if (layer.counted()) {
                ObjectNode one = layers.addObject().put("layer", layer.layer());
                put(one, "feed_forward", layer.feedForward());
                put(one, "query", layer.query());
                put(one, "output", layer.output());
            }
        }
        figures.set("sparsity", layers);
        return figures;
    }

    private static void put(ObjectNode node, String name, double share) {
        if (!Double.isNaN(share)) {
            node.put(name, rounded(share));
        }
    }

    /** Three places are enough for anyone, and short on the wire. */
    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
