package dev.sparsellm.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.serve.ServeOptions;
import java.time.Instant;

/** What there is to choose from, for clients and for the page. */
final class Listings {

    private final Model model;
    private final ServeOptions options;
    private final Offers offers;
    private final long since = Instant.now().getEpochSecond();

    Listings(Model model, ServeOptions options, Offers offers) {
        this.model = model;
        this.options = options;
        this.offers = offers;
    }

    /** {@code /v1/models}: the model, and once more for each provider on offer. */
    ObjectNode models() {
        ObjectNode list = Json.object().put("object", "list");
        ArrayNode data = list.putArray("data");
        data.add(entry(offers.modelName()));
        offers.lineups().keySet().forEach(provider -> data.add(entry(offers.modelOf(provider))));
        return list;
    }

    /** @throws ApiException if there is none of this name */
    ObjectNode model(String name) {
        offers.choose(java.util.Optional.of(name), java.util.Optional.empty());
        return entry(name);
    }

    private ObjectNode entry(String name) {
        return Json.object().put("id", name).put("object", "model").put("created", since).put("owned_by", "sparsellm");
    }

    /** What the page wants to know. */
    ObjectNode info() {
        ObjectNode info = Json.object()
                .put("model", offers.modelName())
                .put("name", model.description().name())
                .put("chat_format", options.chatFormat().map(ChatFormat::name).orElse(null))
                .put("layers", model.description().shape().layers())
                .put("context", options.contextLength())
                .put("max_tokens", Math.min(options.maxTokens(), options.contextLength()))
                .put("threads", model.threads())
                .put("kernels", model.kernels())
                .put("prompt", options.chatFormat().isPresent() ? "Tell me a short story about a fox." : DemoTexts.PROMPT);
        ArrayNode providers = info.putArray("providers");
        offers.lineups().keySet().forEach(providers::add);
        return info;
    }
}
