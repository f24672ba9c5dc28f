package dev.sparsellm.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.chat.ChatMessage;
import dev.sparsellm.runtime.chat.Role;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.runtime.serve.ServeOptions;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** Makes an {@link Order} of a request. Fields that ask for what is not done here are refused, not overlooked. */
final class RequestReader {

    private static final int MOST_STOPS = 16;
    private static final int MOST_LOGPROBS = 20;

    /** Asks for nothing: clients send them whether or not they mean anything by them. */
    private static final Map<String, String> ONLY_VALUES = Map.of("n", "1", "best_of", "1", "frequency_penalty", "0",
            "presence_penalty", "0");

    private static final List<String> NOT_DONE =
            List.of("tools", "functions", "logit_bias", "audio", "prediction", "web_search_options");

    private static final SamplingOptions USUAL = SamplingOptions.defaults(0);

    private final Model model;
    private final ServeOptions options;
    private final Offers offers;

    RequestReader(Model model, ServeOptions options, Offers offers) {
        this.model = model;
        this.options = options;
        this.offers = offers;
    }

    /**
     * A conversation, {@code /v1/chat/completions}.
     *
     * @param provider what a header says
     * @throws ApiException if a field is wrong
     */
    Order chat(ObjectNode body, Optional<String> provider) {
        Fields fields = new Fields(body);
        refuseWhatIsNotDone(fields);
        int logprobs = fields.flag("logprobs")
                ? fields.whole("top_logprobs", 0, MOST_LOGPROBS).orElse(0L).intValue()
                : -1;
        if (logprobs < 0 && fields.any("top_logprobs").isPresent()) {
            throw ApiException.field("top_logprobs", "'top_logprobs' needs 'logprobs' to be true");
        }
        int[] prompt = conversation(messages(fields));
        return order(true, fields, provider, prompt, logprobs, options.maxTokens(), "");
    }

    /**
     * A text to go on from, {@code /v1/completions}.
     *
     * @param provider what a header says
     * @throws ApiException if a field is wrong
     */
    Order completion(ObjectNode body, Optional<String> provider) {
        Fields fields = new Fields(body);
        refuseWhatIsNotDone(fields);
        if (fields.text("suffix").filter(text -> !text.isEmpty()).isPresent()) {
            throw ApiException.unsupported("suffix", "'suffix' is not supported: these models write on, they do not fill in");
        }
        int logprobs = fields.whole("logprobs", 0, MOST_LOGPROBS).orElse(-1L).intValue();
        int[] prompt = prompt(fields);
        String echo = fields.flag("echo") ? model.tokenizer().decode(prompt) : "";
        // OpenAI's own default.
        return order(false, fields, provider, prompt, logprobs, Math.min(16, options.maxTokens()), echo);
    }

    private Order order(boolean chat, Fields fields, Optional<String> header, int[] prompt, int logprobs, int tokens,
            String echo) {
        Optional<String> name = fields.text("model");
        Optional<String> field = fields.text("provider");
        if (header.isPresent() && field.isPresent() && !header.equals(field)) {
            throw ApiException.field("provider", "The header says '" + header.get() + "', but the field 'provider' says '"
                    + field.get() + "'");
        }
        String chosen = offers.choose(name, field.or(() -> header));
        if (prompt.length == 0) {
            throw ApiException.field(chat ? "messages" : "prompt", "There is nothing to go on from: the prompt is empty");
        }
        if (prompt.length > options.contextLength()) {
            throw ApiException.tooLong("The prompt has " + prompt.length + " tokens, but the context holds "
                    + options.contextLength() + "; shorten it, or have the server started with a longer --ctx");
        }
        long most = fields.whole("max_completion_tokens", 1, Long.MAX_VALUE)
                .or(() -> fields.whole("max_tokens", 1, Long.MAX_VALUE))
                .orElse((long) tokens);
        List<String> stops = fields.texts("stop", MOST_STOPS);
        Fields stream = fields.inner("stream_options");
        return new Order(
                chat,
                name.orElse(offers.modelName()),
                chosen,
                new GenerationRequest(prompt, (int) Math.min(most, options.maxTokens()), sampling(fields), stops,
                        fields.flag("ignore_eos")),
                logprobs,
                fields.flag("stream"),
                stream.flag("include_usage"),
                stream.flag("include_sparsity"),
                echo);
    }

    private SamplingOptions sampling(Fields fields) {
        long seed = fields.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE)
                .orElseGet(() -> RandomGenerator.getDefault().nextLong(1L << 32));
        try {
            return new SamplingOptions(
                    fields.number("temperature", USUAL.temperature()),
                    fields.whole("top_k", 0, Integer.MAX_VALUE).orElse((long) USUAL.topK()).intValue(),
                    fields.number("top_p", USUAL.topP()),
                    fields.number("min_p", USUAL.minP()),
                    fields.number("repeat_penalty", options.repetitionPenalty()),
                    USUAL.repetitionWindow(),
                    seed);
        } catch (IllegalArgumentException e) {
            throw ApiException.field(null, e.getMessage());
        }
    }

    private static void refuseWhatIsNotDone(Fields fields) {
        for (String name : NOT_DONE) {
            if (fields.any(name).filter(node -> !node.isEmpty()).isPresent()) {
                throw ApiException.unsupported(name, "'" + name + "' is not supported by this server; leave it out");
            }
        }
        ONLY_VALUES.forEach((name, value) -> {
            if (fields.number(name, Double.parseDouble(value)) != Double.parseDouble(value)) {
                throw ApiException.unsupported(name, "'" + name + "' other than " + value
                        + " is not supported by this server; leave it out"
                        + (name.endsWith("_penalty") ? ", or use 'repeat_penalty'" : ""));
            }
        });
        String format = fields.inner("response_format").text("type").orElse("text");
        if (!format.equals("text")) {
            throw ApiException.unsupported("response_format", "'response_format' is '" + format
                    + "', but only text is supported by this server");
        }
    }

    private int[] prompt(Fields fields) {
        JsonNode prompt = fields.any("prompt")
                .orElseThrow(() -> ApiException.field("prompt", "'prompt' is missing: the text to go on from"));
        JsonNode only = prompt.isArray() && prompt.size() == 1 && !prompt.get(0).isNumber() ? prompt.get(0) : prompt;
        if (only.isTextual()) {
            return encode("prompt", only.textValue());
        }
        if (!only.isArray() || only.isEmpty()) {
            throw Fields.wrong("prompt", only, "a string, or a list of token ids");
        }
        int[] ids = new int[only.size()];
        int vocabulary = model.tokenizer().vocabularySize();
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = only.get(i);
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0 || id.intValue() >= vocabulary) {
                throw Fields.wrong("prompt", id, "one string, or one list of token ids from 0 to " + (vocabulary - 1));
            }
            ids[i] = id.intValue();
        }
        return ids;
    }

    private int[] encode(String field, String text) {
        try {
            return model.tokenizer().encode(text, new EncodeOptions(true, false));
        } catch (IllegalArgumentException e) {
            throw ApiException.field(field, e.getMessage());
        }
    }

    private int[] conversation(List<ChatMessage> messages) {
        Optional<ChatFormat> format = options.chatFormat();
        if (format.isEmpty()) {
            return encode("messages", messages.stream().map(ChatMessage::text).collect(Collectors.joining("\n")));
        }
        try {
            return format.get().conversation(messages);
        } catch (IllegalArgumentException e) {
            throw ApiException.field("messages", e.getMessage());
        }
    }

    private static List<ChatMessage> messages(Fields fields) {
        JsonNode list = fields.any("messages")
                .orElseThrow(() -> ApiException.field("messages", "'messages' is missing: the conversation so far"));
        if (!list.isArray() || list.isEmpty()) {
            throw Fields.wrong("messages", list, "a list of at least one message");
        }
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode item : list) {
            if (!(item instanceof ObjectNode object)) {
                throw Fields.wrong("messages", item, "a list of objects with 'role' and 'content'");
            }
            Fields message = new Fields(object);
            String role = message.text("role").orElse("");
            messages.add(new ChatMessage(
                    switch (role) {
                        case "system", "developer" -> Role.SYSTEM;
                        case "user" -> Role.USER;
                        case "assistant" -> Role.ASSISTANT;
                        default -> throw ApiException.field("messages", "The role of message " + (messages.size() + 1)
                                + " is '" + role + "', but has to be system, developer, user or assistant");
                    },
                    content(message)));
        }
        return messages;
    }

    /** A text, or texts as the parts of a content. */
    private static String content(Fields message) {
        JsonNode content = message.any("content")
                .orElseThrow(() -> ApiException.field("messages", "A message has no 'content'"));
        if (content.isTextual()) {
            return content.textValue();
        }
        if (!content.isArray()) {
            throw Fields.wrong("content", content, "a string, or a list of parts of type text");
        }
        StringBuilder text = new StringBuilder();
        for (JsonNode part : content) {
            if (!part.path("type").asText().equals("text") || !part.path("text").isTextual()) {
                throw ApiException.unsupported("messages", "A message has a part of type '" + part.path("type").asText()
                        + "', but only text is supported by this server");
            }
            text.append(part.get("text").textValue());
        }
        return text.toString();
    }
}
