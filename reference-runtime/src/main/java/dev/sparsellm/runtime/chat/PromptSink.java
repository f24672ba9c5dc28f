package dev.sparsellm.runtime.chat;

/** Takes a conversation apart into what a {@link ChatStyle} writes and what people say. */
interface PromptSink {

    /** A mark of the format, by its name: a control token, or plain text in vocabularies that do not have it. */
    PromptSink mark(String name);

    /** Plain text, whoever wrote it. */
    PromptSink text(String text);

    PromptSink beginOfSequence();

    PromptSink endOfSequence();
}
