package dev.sparsellm.runtime.eval;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One question of a task: which continuation follows?
 *
 * @param id as the data names it
 * @param choices at least one
 * @param gold the right one, from 0
 */
public record Question(String id, List<Choice> choices, int gold) {

    /**
     * A possible answer.
     *
     * @param context what comes before it
     * @param continuation what is scored; begins with a blank where it begins a word
     */
    public record Choice(String context, String continuation) {

        /** Bytes of the continuation in UTF-8, the blank in front not counted: what acc_norm divides by. */
        public int bytes() {
            String text = continuation.startsWith(" ") ? continuation.substring(1) : continuation;
            return Math.max(1, text.getBytes(StandardCharsets.UTF_8).length);
        }
    }

    public Question {
        choices = List.copyOf(choices);
        if (choices.isEmpty() || gold < 0 || gold >= choices.size()) {
            throw new IllegalArgumentException(
                    "The question " + id + " has " + choices.size() + " choices, and number " + gold + " shall be right");
        }
    }
}
