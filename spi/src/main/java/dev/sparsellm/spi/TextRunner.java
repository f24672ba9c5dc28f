package dev.sparsellm.spi;

import java.util.OptionalInt;

/** Runs text through a model with chosen operators: how a provider calibrates itself. */
public interface TextRunner {

    /** The token ids of a text, without begin or end marks; special tokens in it are plain text. */
    int[] tokenize(String text);

    /** The id that starts a text, where the model has one. */
    OptionalInt beginOfText();

    /** The most ids a window may have. */
    int maxWindow();

    /**
     * Runs a window of ids from an empty cache, in phase {@link Phase#PREFILL}.
     *
     * @param ids the window, used as it is: begin it with {@link #beginOfText()} if the model expects that
     * @param operators replace the host's dense ones where present; opened by the caller with {@link #context()}
     */
    default void run(int[] ids, SessionOperators operators) {
        run(ids, operators, null);
    }

    /**
     * Like {@link #run(int[], SessionOperators)}, and hands over the logits of every position.
     *
     * @param logits may be null, which saves the output head
     */
    void run(int[] ids, SessionOperators operators, LogitsConsumer logits);

    /** The context with which operators for {@link #run} must be opened. */
    SessionContext context();

    /** Receives logits in the order of positions. */
    @FunctionalInterface
    interface LogitsConsumer {

        /**
         * @param position of the id these logits follow
         * @param logits {@code [vocab]}, valid during the call only
         */
        void accept(int position, float[] logits);
    }
}
