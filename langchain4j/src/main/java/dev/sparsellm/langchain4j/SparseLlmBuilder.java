package dev.sparsellm.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What both models are built from, as LangChain4j's users expect to say it. Needed is {@link #modelPath} or {@link #model}.
 *
 * @param <B> the builder itself
 */
public abstract sealed class SparseLlmBuilder<B extends SparseLlmBuilder<B>>
        permits SparseLlmChatModel.Builder, SparseLlmStreamingChatModel.Builder {

    private Path modelPath;
    private Model model;
    private ModelOptions options = ModelOptions.defaults();
    private String modelName;
    private String chatFormat;
    private int contextLength = 4096;
    private List<ChatModelListener> listeners = List.of();
    private ChatRequestParameters defaults = ChatRequestParameters.builder().build();
    private final SparseLlmChatRequestParameters.Builder parameters = SparseLlmChatRequestParameters.builder();

    SparseLlmBuilder() {}

    @SuppressWarnings("unchecked") // sealed: B is the class that permits it
    private B self() {
        return (B) this;
    }

    /** A GGUF file, of a split model the first part; opened here, and freed by the model's {@code close}. */
    public B modelPath(Path modelPath) {
        this.modelPath = modelPath;
        return self();
    }

    /** A model that is open already, to share; it stays the caller's to close. */
    public B model(Model model) {
        this.model = model;
        return self();
    }

    /** How to open {@link #modelPath}: threads, cache, where progress and notices go. */
    public B options(ModelOptions options) {
        this.options = Objects.requireNonNull(options, "options");
        return self();
    }

    /** Threads that compute, where {@link #modelPath} is opened. Default: one for each core. */
    public B threads(int threads) {
        options = options.withThreads(threads);
        return self();
    }

    /** What providers' settings are, such as {@code chess.sparsity}, where {@link #modelPath} is opened. */
    public B settings(Map<String, String> settings) {
        options = options.withSettings(settings);
        return self();
    }

    /** Who computes, such as {@code dense} or {@code chess:sparsity=0.7}. Default: all on the path, by priority. */
    public B provider(String provider) {
        parameters.provider(provider);
        return self();
    }

    /** What responses call the model. Default: the name its file has. */
    public B modelName(String modelName) {
        this.modelName = modelName;
        return self();
    }

    /** How the model reads conversations, such as {@code llama3}. Default: as its file says. */
    public B chatFormat(String chatFormat) {
        this.chatFormat = chatFormat;
        return self();
    }

    /** The most positions of a conversation, answer included. Default: the model's, 4096 at most. */
    public B contextLength(int contextLength) {
        this.contextLength = contextLength;
        return self();
    }

    /** 0 always takes the likeliest token. Default: 0.8. */
    public B temperature(Double temperature) {
        parameters.temperature(temperature);
        return self();
    }

    /** Only the k likeliest tokens; 0: all. Default: 40. */
    public B topK(Integer topK) {
        parameters.topK(topK);
        return self();
    }

    /** Only the likeliest tokens that together have this probability. Default: 0.95. */
    public B topP(Double topP) {
        parameters.topP(topP);
        return self();
    }

    /** Only tokens with this share of the likeliest one's probability. Default: 0.05. */
    public B minP(Double minP) {
        parameters.minP(minP);
        return self();
    }

    /** Makes recent tokens less likely. Default: 1, which is off. */
    public B repetitionPenalty(Double repetitionPenalty) {
        parameters.repetitionPenalty(repetitionPenalty);
        return self();
    }

    /** Of the random numbers: the same seed gives the same text. Default: another one each time. */
    public B seed(Long seed) {
        parameters.seed(seed);
        return self();
    }

    /** The most tokens of an answer. Default: what the context has room for. */
    public B maxOutputTokens(Integer maxOutputTokens) {
        parameters.maxOutputTokens(maxOutputTokens);
        return self();
    }

    /** An answer ends before the first of these. */
    public B stopSequences(List<String> stopSequences) {
        parameters.stopSequences(stopSequences);
        return self();
    }

    /** Parameters of requests that do not have their own; what this builder is told itself goes before them. */
    public B defaultRequestParameters(ChatRequestParameters defaults) {
        this.defaults = Objects.requireNonNull(defaults, "defaults");
        return self();
    }

    /** Who hears of requests and responses. */
    public B listeners(List<ChatModelListener> listeners) {
        this.listeners = List.copyOf(listeners);
        return self();
    }

    /** Who hears of requests and responses. */
    public B listeners(ChatModelListener... listeners) {
        return listeners(Arrays.asList(listeners));
    }

    /** Opens the model. */
    LocalModel open() {
        if ((modelPath == null) == (model == null)) {
            throw new IllegalArgumentException("Name one model: modelPath, a GGUF file, or model, one that is open already");
        }
        boolean ours = model == null;
        Model opened = ours ? Model.load(modelPath, options) : model;
        try {
            String name = modelName == null ? opened.description().name() : modelName;
            ChatRequestParameters all = SparseLlmChatRequestParameters.builder()
                    .modelName(name)
                    .overrideWith(defaults)
                    .overrideWith(parameters.build())
                    .build();
            return new LocalModel(opened, ours, name, chatFormat, contextLength, all, listeners);
        } catch (RuntimeException | Error e) {
            if (ours) {
                opened.close();
            }
            throw e;
        }
    }
}
