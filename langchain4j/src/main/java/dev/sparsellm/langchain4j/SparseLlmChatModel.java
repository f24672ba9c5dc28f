package dev.sparsellm.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;

/**
 * A {@link ChatModel} in this JVM. Answers are computed on the thread that asks. Safe for any thread; several at the same
 * time share the weights and the cores. Tools, images and forced JSON are not supported and refused.
 *
 * <pre>{@code
 * try (SparseLlmChatModel model = SparseLlmChatModel.builder()
 *         .modelPath(Path.of("model.gguf"))
 *         .provider("chess")
 *         .temperature(0.7)
 *         .build()) {
 *     System.out.println(model.chat("Why is the sky blue?"));
 * }
 * }</pre>
 */
public final class SparseLlmChatModel implements ChatModel, AutoCloseable {

    private final LocalModel model;

    private SparseLlmChatModel(Builder builder) {
        model = builder.open();
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link SparseLlmChatModel}. */
    public static final class Builder extends SparseLlmBuilder<Builder> {

        private Builder() {}

        /**
         * Opens the model.
         *
         * @throws dev.sparsellm.kernels.gguf.GgufException if the file is missing, damaged, or not supported
         * @throws dev.sparsellm.spi.ProviderException if the provider named cannot serve this model
         * @throws IllegalArgumentException if a value is out of range, or no model is named
         */
        public SparseLlmChatModel build() {
            return new SparseLlmChatModel(this);
        }
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        return model.answer(request, part -> true);
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return model.defaults();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return model.listeners();
    }

    @Override
    public ModelProvider provider() {
        return ModelProvider.OTHER;
    }

    /** Frees the model, unless it was handed in open. Afterwards nothing can be asked. */
    @Override
    public void close() {
        model.close();
    }
}
