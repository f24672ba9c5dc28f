package dev.sparsellm.runtime.chat;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A format of conversations. One turn is a prompt (the system's and the user's message, up to where the assistant's
 * answer begins), the answer, and what closes the answer.
 */
sealed interface ChatStyle {

    /** Writes a prompt. There is a system message only in the first of a conversation, and not always there. */
    void prompt(Optional<String> system, String user, boolean first, PromptSink out);

    /** Writes an answer of the assistant's, without its end. */
    void answer(String text, PromptSink out);

    /** Writes what closes an answer. */
    void endOfAnswer(PromptSink out);

    /** Whether a conversation begins with the begin-of-sequence token even if other texts for the model do not. */
    default boolean beginsWithBos() {
        return true;
    }

    /**
     * Headers around role names (Meta, llama3/chat_format.py): each is followed by two line feeds, and messages have no
     * white space around them.
     */
    record Llama3() implements ChatStyle {

        @Override
        public void prompt(Optional<String> system, String user, boolean first, PromptSink out) {
            system.ifPresent(text -> message("system", text, out));
            message("user", user, out);
            header("assistant", out);
        }

        @Override
        public void answer(String text, PromptSink out) {
            out.text(text.strip());
        }

        @Override
        public void endOfAnswer(PromptSink out) {
            out.mark("<|eot_id|>");
        }

        private static void message(String role, String text, PromptSink out) {
            header(role, out);
            out.text(text.strip()).mark("<|eot_id|>");
        }

        private static void header(String role, PromptSink out) {
            out.mark("<|start_header_id|>").text(role).mark("<|end_header_id|>").text("\n\n");
        }
    }

    /**
     * Instructions in brackets (Meta, llama/generation.py) and the variants in which files have it.
     *
     * @param systemMarks whether a system message stands in marks of its own, or simply before the user's
     * @param bosInHistory whether each turn is a sequence of its own, or only the whole
     * @param strip whether messages have no white space around them
     * @param spacedAnswers whether a blank stands around the answer
     */
    record Llama2(boolean systemMarks, boolean bosInHistory, boolean strip, boolean spacedAnswers)
            implements ChatStyle {

        /** Meta's own. */
        static final Llama2 META = new Llama2(true, true, true, true);

        @Override
        public void prompt(Optional<String> system, String user, boolean first, PromptSink out) {
            if (!first && bosInHistory) {
                out.beginOfSequence();
            }
            out.mark("[INST]").text(" ");
            system.ifPresent(text -> out.text(
                    systemMarks ? "<<SYS>>\n" + stripped(text) + "\n<</SYS>>\n\n" : stripped(text) + "\n"));
            out.text(stripped(user) + " ").mark("[/INST]");
        }

        @Override
        public void answer(String text, PromptSink out) {
            out.text(spacedAnswers ? " " + stripped(text) + " " : stripped(text));
        }

        @Override
        public void endOfAnswer(PromptSink out) {
            out.endOfSequence();
        }

        private String stripped(String text) {
            return strip ? text.strip() : text;
        }
    }

    /**
     * Instructions in brackets as Mistral's tokenizers v1, v3 and v3-tekken have them (mistralai/cookbook,
     * concept-deep-dive/tokenization/chat_templates.md). They differ in where blanks stand.
     */
    enum Mistral implements ChatStyle {
        V1(" ", " ", " "), V3("", " ", ""), V3_TEKKEN("", "", "");

        private final String before; // the opening mark
        private final String after;  // the opening mark, and before the answer
        private final String close;  // before the closing mark

        Mistral(String before, String after, String close) {
            this.before = before;
            this.after = after;
            this.close = close;
        }

        @Override
        public void prompt(Optional<String> system, String user, boolean first, PromptSink out) {
            out.text(before).mark("[INST]").text(after);
            system.ifPresent(text -> out.text(text + "\n\n"));
            out.text(user + close).mark("[/INST]");
        }

        @Override
        public void answer(String text, PromptSink out) {
            out.text(after + (this == V3 ? text.strip() : text));
        }

        @Override
        public void endOfAnswer(PromptSink out) {
            out.endOfSequence();
        }
    }

    /** Mistral's tokenizer v7: the system message has marks of its own. */
    record MistralV7() implements ChatStyle {

        @Override
        public void prompt(Optional<String> system, String user, boolean first, PromptSink out) {
            system.ifPresent(text -> out.mark("[SYSTEM_PROMPT]").text(" " + text).mark("[/SYSTEM_PROMPT]"));
            out.mark("[INST]").text(" " + user).mark("[/INST]");
        }

        @Override
        public void answer(String text, PromptSink out) {
            out.text(" " + text);
        }

        @Override
        public void endOfAnswer(PromptSink out) {
            out.endOfSequence();
        }
    }

    /** OpenAI's markup, used by many fine-tuned models. */
    record ChatMl() implements ChatStyle {

        @Override
        public void prompt(Optional<String> system, String user, boolean first, PromptSink out) {
            system.ifPresent(text -> message("system", text, out));
            message("user", user, out);
            out.mark("<|im_start|>").text("assistant\n");
        }

        @Override
        public void answer(String text, PromptSink out) {
            out.text(text);
        }

        @Override
        public void endOfAnswer(PromptSink out) {
            out.mark("<|im_end|>").text("\n");
        }

        @Override
        public boolean beginsWithBos() {
            return false;
        }

        private static void message(String role, String text, PromptSink out) {
            out.mark("<|im_start|>").text(role + "\n" + text).mark("<|im_end|>").text("\n");
        }
    }

    /** All formats by name. */
    static Map<String, ChatStyle> named() {
        return new TreeMap<>(Map.of(
                "chatml", new ChatMl(),
                "llama2", Llama2.META,
                "llama3", new Llama3(),
                "mistral-v1", Mistral.V1,
                "mistral-v3", Mistral.V3,
                "mistral-v3-tekken", Mistral.V3_TEKKEN,
                "mistral-v7", new MistralV7()));
    }

    /**
     * The format a Jinja template means, told by what it contains, as llama.cpp tells it; none if it is no format known
     * here. The template itself is not executed.
     */
    static Optional<ChatStyle> of(String template) {
        if (template.contains("<|im_start|>")) {
            return template.contains("<|im_sep|>") ? Optional.empty() : Optional.of(new ChatMl());
        }
        if (template.contains("[INST]")) {
            return Optional.of(bracketed(template));
        }
        if (template.contains("<|start_header_id|>") && template.contains("<|end_header_id|>")) {
            return Optional.of(new Llama3());
        }
        return Optional.empty();
    }

    private static ChatStyle bracketed(String template) {
        if (template.contains("[SYSTEM_PROMPT]")) {
            return new MistralV7();
        }
        if (template.contains("' [INST] ' + system_message") || template.contains("[AVAILABLE_TOOLS]")) {
            return template.contains(" [INST]") ? Mistral.V1
                    : template.contains("\"[INST]\"") ? Mistral.V3_TEKKEN : Mistral.V3;
        }
        return new Llama2(
                template.contains("<<SYS>>"),
                template.contains("bos_token + '[INST]"),
                template.contains("content.strip()") || template.contains("content'].strip()"),
                template.contains("' ' + eos_token"));
    }
}
