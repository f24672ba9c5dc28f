package dev.sparsellm.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;

/** LangChain4j's suite for what listeners hear. */
class SparseLlmChatModelListenerIT extends AbstractChatModelListenerIT {

    @Override
    protected ChatModel createModel(ChatModelListener listener) {
        return DemoChat.chat()
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
    protected ChatModel createFailingModel(ChatModelListener listener) {
        return DemoChat.chat().contextLength(2).listeners(listener).build();
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
        return IllegalArgumentException.class;
    }
}
