package dev.sparsellm.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** An open model as LangChain4j's requests need it. Safe for any thread. */
final class LocalModel implements AutoCloseable {

    private static final SamplingOptions USUAL = SamplingOptions.defaults(0);

    private final Model model;
    private final boolean ours;
    private final String name;
    private final Optional<ChatFormat> format;
    private final int contextLength;
    private final ChatRequestParameters defaults;
    private final List<ChatModelListener> listeners;

    LocalModel(Model model, boolean ours, String name, String format, int contextLength, ChatRequestParameters defaults,
            List<ChatModelListener> listeners) {
        if (contextLength < 1) {
            throw new IllegalArgumentException("The context length is " + contextLength + ", but must be 1 or more");
        }
        this.model = model;
        this.ours = ours;
        this.name = name;
        this.format = format == null ? model.chatFormat() : Optional.of(ChatFormat.named(format, model.tokenizer()));
        this.contextLength = Math.min(contextLength, model.description().shape().contextLength());
        this.defaults = defaults;
        this.listeners = listeners;
        check(defaults);
        sampling(defaults);
        lineup(defaults); // prepares: the first question need not wait, and a provider that cannot serve is told now
    }

    ChatRequestParameters defaults() {
        return defaults;
    }

    List<ChatModelListener> listeners() {
        return listeners;
    }

    /**
     * Whether a request can be answered.
     *
     * @throws UnsupportedFeatureException if it asks for what is not done here, another model among it
     */
    void check(ChatRequest request) {
        check(request.parameters());
        Messages.check(request.messages());
    }

    private void check(ChatRequestParameters parameters) {
        if (parameters.modelName() != null && !parameters.modelName().equals(name)) {
            throw new UnsupportedFeatureException("The modelName '" + parameters.modelName()
                    + "' is not supported: this model is '" + name + "' and no other");
        }
        refuse(parameters.toolChoice() == ToolChoice.REQUIRED, "ToolChoice.REQUIRED");
        refuse(parameters.toolSpecifications() != null && !parameters.toolSpecifications().isEmpty(), "tools");
        ResponseFormat response = parameters.responseFormat();
        refuse(response != null && response.type() == ResponseFormatType.JSON, "JSON response format");
        refuse(isSet(parameters.frequencyPenalty()), "frequencyPenalty");
        refuse(isSet(parameters.presencePenalty()), "presencePenalty");
    }

    private static boolean isSet(Double penalty) {
        return penalty != null && penalty != 0;
    }

    static void refuse(boolean asked, String feature) {
        if (asked) {
            throw new UnsupportedFeatureException(feature + " is not supported by SparseLLM");
        }
    }

    /**
     * Answers, and tells each part of the text as it is written.
     *
     * @param parts false ends the answer
     */
    ChatResponse answer(ChatRequest request, Predicate<String> parts) {
        check(request);
        ChatRequestParameters parameters = request.parameters();
        int[] prompt = Messages.tokens(request.messages(), format, model.tokenizer());
        if (prompt.length >= contextLength) {
            throw new IllegalArgumentException("The conversation has " + prompt.length + " tokens, but the context holds "
                    + contextLength + ", answer included; shorten it, or give a longer contextLength");
        }
        int room = contextLength - prompt.length;
        int most = parameters.maxOutputTokens() == null ? room : Math.min(parameters.maxOutputTokens(), room);
        List<String> stops = parameters.stopSequences() == null ? List.of() : parameters.stopSequences();
        GenerationRequest generate = new GenerationRequest(prompt, most, sampling(parameters), stops, false);
        try (Session session = model.newSession(lineup(parameters), prompt.length + most)) {
            Generation generation = session.generate(generate, (id, text) -> parts.test(text));
            return response(generation);
        }
    }

    private ChatResponse response(Generation generation) {
        ChatResponseMetadata metadata = ChatResponseMetadata.builder()
                .id(UUID.randomUUID().toString())
                .modelName(name)
                .tokenUsage(new TokenUsage(generation.promptTokens(), generation.ids().length))
                .finishReason(
                        switch (generation.stop()) {
                            case END, STOP_TEXT -> FinishReason.STOP;
                            case LENGTH, CONTEXT_FULL -> FinishReason.LENGTH;
                            case CANCELLED -> FinishReason.OTHER;
                        })
                .build();
        return ChatResponse.builder().aiMessage(AiMessage.from(generation.text())).metadata(metadata).build();
    }

    private Lineup lineup(ChatRequestParameters parameters) {
        return parameters instanceof SparseLlmChatRequestParameters p && p.provider() != null
                ? model.lineup(p.provider())
                : model.defaultLineup();
    }

    private static SamplingOptions sampling(ChatRequestParameters parameters) {
        Optional<SparseLlmChatRequestParameters> more = parameters instanceof SparseLlmChatRequestParameters p
                ? Optional.of(p)
                : Optional.empty();
        return new SamplingOptions(
                or(parameters.temperature(), USUAL.temperature()),
                or(parameters.topK(), USUAL.topK()),
                or(parameters.topP(), USUAL.topP()),
                more.map(SparseLlmChatRequestParameters::minP).orElse(USUAL.minP()),
                more.map(SparseLlmChatRequestParameters::repetitionPenalty).orElse(USUAL.repetitionPenalty()),
                USUAL.repetitionWindow(),
                more.map(SparseLlmChatRequestParameters::seed)
                        .orElseGet(() -> RandomGenerator.getDefault().nextLong(1L << 32)));
    }

    private static <T> T or(T value, T otherwise) {
        return value == null ? otherwise : value;
    }

    @Override
    public void close() {
        if (ours) {
            model.close();
        }
    }
}
