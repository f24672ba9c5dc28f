package dev.sparsellm.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.Model;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** What a client is sent, in OpenAI's form: all of it at once, or part by part. One request's. */
final class Answer {

    private final Order order;
    private final Shape shape;
    private final String id;
    private final long created = Instant.now().getEpochSecond();
    private final String fingerprint;
    private final Figures figures;

    private Answer(Order order, Model model) {
        this.order = order;
        shape = order.chat() ? new Shape.Chat() : new Shape.Completion(order.echo());
        id = (order.chat() ? "chatcmpl-" : "cmpl-")
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        // The same seed gives the same text as long as these are the same.
        fingerprint = "fp_" + HexFormat.of().toHexDigits(
                (model.description().fingerprint() + model.kernels() + order.provider()).hashCode());
        figures = new Figures(order.provider(), model.description());
    }

    static Answer to(Order order, Model model) {
        return new Answer(order, model);
    }

    private ObjectNode frame(boolean part) {
        return Json.object()
                .put("id", id)
                .put("object", shape.object(part))
                .put("created", created)
                .put("model", order.model())
                .put("system_fingerprint", fingerprint);
    }

    /** All of it. */
    ObjectNode whole(Job.Done done, List<TokenProbability> probabilities) {
        ObjectNode body = frame(false);
        ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
        shape.whole(choice, done.generation().text());
        choice.set("logprobs", order.logprobs() < 0 ? null : shape.logprobs(probabilities));
        choice.put("finish_reason", reason(done.generation().stop()));
        body.set("usage", usage(done.generation()));
        body.set("sparsellm", figures.of(done.progress()));
        return body;
    }

    /** What begins a stream. */
    ObjectNode first() {
        ObjectNode body = frame(true);
        ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
        shape.first(choice);
        choice.putNull("logprobs");
        choice.putNull("finish_reason");
        return body;
    }

    /** Text as a part of a stream; empty where it says nothing new. */
    Optional<ObjectNode> part(Job.Wrote wrote) {
        if (wrote.text().isEmpty() && wrote.probability() == null && wrote.progress() == null) {
            return Optional.empty();
        }
        ObjectNode body = frame(true);
        ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
        shape.part(choice, wrote.text());
        choice.set("logprobs", wrote.probability() == null ? null : shape.logprobs(List.of(wrote.probability())));
        choice.putNull("finish_reason");
        if (wrote.progress() != null) {
            body.set("sparsellm", figures.of(wrote.progress()));
        }
        return Optional.of(body);
    }

    /** What ends a stream. */
    List<ObjectNode> last(Job.Done done) {
        List<ObjectNode> all = new ArrayList<>();
        ObjectNode body = frame(true);
        ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
        shape.part(choice, "");
        choice.putNull("logprobs");
        choice.put("finish_reason", reason(done.generation().stop()));
        if (order.live()) {
            body.set("sparsellm", figures.of(done.progress()));
        }
        all.add(body);
        if (order.usageAtEnd()) {
            ObjectNode usage = frame(true);
            usage.putArray("choices");
            usage.set("usage", usage(done.generation()));
            all.add(usage);
        }
        return all;
    }

    private static String reason(Generation.StopReason stop) {
        return switch (stop) {
            case END, STOP_TEXT -> "stop";
            case LENGTH, CONTEXT_FULL, CANCELLED -> "length";
        };
    }

    private static ObjectNode usage(Generation generation) {
        int written = generation.ids().length;
        return Json.object()
                .put("prompt_tokens", generation.promptTokens())
                .put("completion_tokens", written)
                .put("total_tokens", generation.promptTokens() + written);
    }
}
