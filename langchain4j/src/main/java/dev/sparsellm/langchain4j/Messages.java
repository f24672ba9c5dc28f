package dev.sparsellm.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** LangChain4j's messages as tokens. */
final class Messages {

    private Messages() {}

    /** @throws dev.langchain4j.exception.UnsupportedFeatureException if one is more than text */
    static void check(List<ChatMessage> messages) {
        messages.forEach(Messages::plain);
    }

    /**
     * The tokens of a conversation up to where the answer begins.
     *
     * @param format empty to join the messages to one text to go on from, for models that know no conversations
     * @throws IllegalArgumentException if the messages are in an order the format does not have
     */
    static int[] tokens(List<ChatMessage> messages, Optional<ChatFormat> format, Tokenizer tokenizer) {
        List<dev.sparsellm.runtime.chat.ChatMessage> plain = messages.stream().map(Messages::plain).toList();
        if (format.isPresent()) {
            return format.get().conversation(plain);
        }
        String text = plain.stream().map(dev.sparsellm.runtime.chat.ChatMessage::text).collect(Collectors.joining("\n"));
        return tokenizer.encode(text, new EncodeOptions(true, false));
    }

    private static dev.sparsellm.runtime.chat.ChatMessage plain(ChatMessage message) {
        switch (message) {
            case SystemMessage system -> {
                return dev.sparsellm.runtime.chat.ChatMessage.system(system.text());
            }
            case UserMessage user -> {
                return dev.sparsellm.runtime.chat.ChatMessage.user(
                        user.contents().stream().map(Messages::text).collect(Collectors.joining("\n")));
            }
            case AiMessage ai -> {
                LocalModel.refuse(ai.hasToolExecutionRequests() || ai.text() == null, "a message with tool execution requests");
                return dev.sparsellm.runtime.chat.ChatMessage.assistant(ai.text());
            }
            default -> {
                LocalModel.refuse(true, "a message of type " + message.type());
                throw new AssertionError();
            }
        }
    }

    private static String text(Content content) {
        LocalModel.refuse(!(content instanceof TextContent), "content of type " + content.type().name().toLowerCase(Locale.ROOT));
        return ((TextContent) content).text();
    }
}
