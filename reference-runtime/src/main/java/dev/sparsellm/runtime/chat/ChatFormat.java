package dev.sparsellm.runtime.chat;

import dev.sparsellm.kernels.gguf.GgufMetadata;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The format in which a model reads conversations: Llama 2, Llama 3, Mistral, or ChatML. Immutable; safe for any number
 * of threads and sessions.
 */
public final class ChatFormat {

    private static final String TEMPLATE = "tokenizer.chat_template";

    private final String name;
    private final ChatStyle style;
    private final Tokenizer tokenizer;

    private ChatFormat(String name, ChatStyle style, Tokenizer tokenizer) {
        this.name = name;
        this.style = style;
        this.tokenizer = tokenizer;
    }

    /**
     * The format that a file's own template, {@code tokenizer.chat_template}, means. None if the file has no template,
     * as with models that were not trained on conversations, or one of a format not known here.
     */
    public static Optional<ChatFormat> of(GgufMetadata metadata, Tokenizer tokenizer) {
        return metadata.string(TEMPLATE)
                .flatMap(ChatStyle::of)
                .map(style -> new ChatFormat(nameOf(style), style, tokenizer));
    }

    /**
     * The format of a name.
     *
     * @throws IllegalArgumentException if there is no such name
     */
    public static ChatFormat named(String name, Tokenizer tokenizer) {
        ChatStyle style = ChatStyle.named().get(name);
        if (style == null) {
            throw new IllegalArgumentException("There is no chat format '" + name + "'; there are: "
                    + String.join(", ", names()));
        }
        return new ChatFormat(name, style, tokenizer);
    }

    /** The names that {@link #named} knows. */
    public static Set<String> names() {
        return ChatStyle.named().keySet();
    }

    private static String nameOf(ChatStyle style) {
        return switch (style) {
            case ChatStyle.Llama2 _ -> "llama2";
            case ChatStyle.Llama3 _ -> "llama3";
            case ChatStyle.Mistral.V1 -> "mistral-v1";
            case ChatStyle.Mistral.V3 -> "mistral-v3";
            case ChatStyle.Mistral.V3_TEKKEN -> "mistral-v3-tekken";
            case ChatStyle.MistralV7 _ -> "mistral-v7";
            case ChatStyle.ChatMl _ -> "chatml";
        };
    }

    /** What the format is called. */
    public String name() {
        return name;
    }

    /** The tokens that end an answer; the caller's own copy. */
    public BitSet stopTokens() {
        return tokenizer.endOfGeneration();
    }

    /**
     * The tokens of a conversation up to where the assistant's next answer begins.
     *
     * @param messages a system message or none, then the user's and the assistant's in turn, the user's last
     * @throws IllegalArgumentException if the messages are in another order
     */
    public int[] conversation(List<ChatMessage> messages) {
        TokenSink out = new TokenSink(tokenizer);
        if (style.beginsWithBos() || tokenizer.addsBos()) {
            out.beginOfSequence();
        }
        write(style, messages, out, out::cut);
        return out.tokens();
    }

    /**
     * The tokens that follow on an answer of the assistant's, up to where its next answer begins: those that close the
     * answer, and the user's message. The token at which generation stopped is among them, so it must not be in the
     * session already.
     */
    public int[] nextTurn(String user) {
        TokenSink out = new TokenSink(tokenizer).continuing();
        style.endOfAnswer(out);
        style.prompt(Optional.empty(), user, false, out);
        return out.tokens();
    }

    /** Writes a conversation; {@code cut} is called where prompts end and answers begin. */
    static void write(ChatStyle style, List<ChatMessage> messages, PromptSink out, Runnable cut) {
        Optional<String> system = messages.stream().findFirst()
                .filter(m -> m.role() == Role.SYSTEM).map(ChatMessage::text);
        List<ChatMessage> turns = messages.subList(system.isPresent() ? 1 : 0, messages.size());
        if (turns.size() % 2 == 0) {
            throw new IllegalArgumentException("A conversation of " + messages.size() + " messages does not end with"
                    + " the user's: it has to be a system message or none, then user and assistant in turn, the user"
                    + " last");
        }
        for (int i = 0; i < turns.size(); i++) {
            ChatMessage message = turns.get(i);
            if (message.role() != (i % 2 == 0 ? Role.USER : Role.ASSISTANT)) {
                throw new IllegalArgumentException("Message " + (i + messages.size() - turns.size() + 1) + " of "
                        + messages.size() + " is from the " + message.role().name().toLowerCase(Locale.ROOT)
                        + ": it has to be a system message or none, then user and assistant in turn, the user last");
            }
            if (message.role() == Role.USER) {
                style.prompt(i == 0 ? system : Optional.empty(), message.text(), i == 0, out);
                cut.run();
            } else {
                style.answer(message.text(), out);
                style.endOfAnswer(out);
            }
        }
    }
}
