package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.chat.ChatMessage;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The turns of one chat: in the model's own format, or plain text going on where it has none. */
final class Conversation {

    private final Session session;
    private final Optional<ChatFormat> format;
    private final Optional<String> system;
    private boolean begun;

    private Conversation(Session session, Optional<ChatFormat> format, Optional<String> system) {
        this.session = session;
        this.format = format;
        this.system = system;
    }

    /**
     * @param name of a format, instead of the one the model's file tells
     * @throws UsageException if there is no format of that name, or a system message with no format
     */
    static Conversation of(Model model, Session session, Optional<String> name, Optional<String> system) {
        Optional<ChatFormat> format;
        try {
            format = name.isPresent()
                    ? name.map(n -> ChatFormat.named(n, model.tokenizer()))
                    : ChatFormat.of(model.metadata(), model.tokenizer());
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
        if (system.isPresent() && format.isEmpty()) {
            throw new UsageException("--system needs a model that knows conversations, or --chat-format with one of "
                    + String.join(", ", ChatFormat.names()));
        }
        return new Conversation(session, format, system);
    }

    Optional<ChatFormat> format() {
        return format;
    }

    Lineup lineup() {
        return session.lineup();
    }

    /** What the user says does not fit any more. */
    static final class FullException extends RuntimeException {

        private static final long serialVersionUID = 1;

        FullException(String message) {
            super(message);
        }
    }

    /** Reads what the user says and writes the answer. */
    Generation answer(String user, int tokens, SamplingOptions sampling, TokenSink sink) {
        int[] ids = tokensOf(user);
        if (ids.length >= session.contextLength() - session.position()) {
            throw new FullException("the context is full (" + fill() + "); /reset begins a new conversation,"
                    + " --ctx at the start gives a longer one");
        }
        begun = true;
        return session.generate(new GenerationRequest(ids, tokens, sampling), sink);
    }

    private int[] tokensOf(String user) {
        if (format.isEmpty()) {
            return session.prompt(user);
        }
        if (begun) {
            return format.get().nextTurn(user);
        }
        List<ChatMessage> messages = new ArrayList<>();
        system.ifPresent(text -> messages.add(ChatMessage.system(text)));
        messages.add(ChatMessage.user(user));
        return format.get().conversation(messages);
    }

    void reset() {
        session.reset();
        begun = false;
    }

    String fill() {
        return session.position() + " of " + session.contextLength() + " positions are used";
    }
}
