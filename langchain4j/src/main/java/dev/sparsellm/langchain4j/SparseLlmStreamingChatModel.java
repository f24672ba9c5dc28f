package dev.sparsellm.langchain4j;

import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.withLoggingExceptions;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.List;

/**
 * A {@link StreamingChatModel} in this JVM. Each answer is computed, and its handler called, on a thread of its own; a
 * handler that takes its time holds up its answer, and a handle cancels it before the next token. Safe for any thread.
 * Tools, images and forced JSON are not supported and refused.
 */
public final class SparseLlmStreamingChatModel implements StreamingChatModel, AutoCloseable {

    private final LocalModel model;

    private SparseLlmStreamingChatModel(Builder builder) {
        model = builder.open();
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link SparseLlmStreamingChatModel}. */
    public static final class Builder extends SparseLlmBuilder<Builder> {

        private Builder() {}

        /**
         * Opens the model.
         *
         * @throws dev.sparsellm.kernels.gguf.GgufException if the file is missing, damaged, or not supported
         * @throws dev.sparsellm.spi.ProviderException if the provider named cannot serve this model
         * @throws IllegalArgumentException if a value is out of range, or no model is named
         */
        public SparseLlmStreamingChatModel build() {
            return new SparseLlmStreamingChatModel(this);
        }
    }

    /** Lets go of an answer. */
    private static final class Handle implements StreamingHandle {

        private volatile boolean cancelled;

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        model.check(request); // what cannot be done is said at once
        Handle handle = new Handle();
        Thread.ofPlatform().name("sparsellm-answer").daemon().start(() -> answer(request, handler, handle));
    }

    private void answer(ChatRequest request, StreamingChatResponseHandler handler, Handle handle) {
        ChatResponse response;
        try {
            response = model.answer(request, part -> {
                if (!part.isEmpty() && !handle.cancelled) {
                    onPartialResponse(handler, part, handle);
                }
                return !handle.cancelled;
            });
        } catch (RuntimeException | Error e) {
            withLoggingExceptions(() -> handler.onError(e));
            return;
        }
        if (!handle.cancelled) {
            onCompleteResponse(handler, response);
        }
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

    /** Frees the model, unless it was handed in open. Wait for answers first: those under way fail. */
    @Override
    public void close() {
        model.close();
    }
}
