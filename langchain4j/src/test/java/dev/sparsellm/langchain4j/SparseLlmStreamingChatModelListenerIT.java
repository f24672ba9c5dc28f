package dev.sparsellm.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;

/** LangChain4j's suite for what listeners hear. */
class SparseLlmStreamingChatModelListenerIT extends AbstractStreamingChatModelListenerIT {

    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
        return DemoChat.streaming()
                .temperature(temperature())
                .topP(topP())
                .maxOutputTokens(maxTokens())
                .listeners(listener)
                .build();
    }

    @Override
    protected String modelName() {
        return DemoChat.NAME;
    }

    @Override
    protected boolean supportsTools() {
        return false;
    }

    /** Has no room for any question. */
    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
        return DemoChat.streaming().contextLength(2).listeners(listener).build();
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
        return IllegalArgumentException.class;
    }
}
