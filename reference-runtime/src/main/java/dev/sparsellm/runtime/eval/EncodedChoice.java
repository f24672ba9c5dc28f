package dev.sparsellm.runtime.eval;

import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * A choice as token ids, cut as lm-evaluation-harness cuts it: blanks at the end of the context go to the continuation,
 * both are encoded together, and what the context alone gives is not scored. What does not fit the model is left out on
 * the left. The begin mark is there where the model wants one.
 *
 * @param ids context and continuation
 * @param from index of the first id that is scored, at least 1
 */
record EncodedChoice(int[] ids, int from) {

    /** @param contextLength positions a model can hold */
    static EncodedChoice of(Tokenizer tokenizer, Question.Choice choice, int contextLength) {
        String context = choice.context().stripTrailing();
        int[] ids = encode(tokenizer, choice.context() + choice.continuation());
        int from = Math.clamp(encode(tokenizer, context).length, 1, Math.max(1, ids.length - 1));
        if (ids.length < 2) {
            throw new IllegalArgumentException("Nothing can be scored: '" + choice.continuation() + "' is "
                    + ids.length + " tokens with what comes before it");
        }
        // The last id is not read: nothing follows it.
        int dropped = Math.max(0, ids.length - 1 - contextLength);
        return new EncodedChoice(Arrays.copyOfRange(ids, dropped, ids.length), Math.max(1, from - dropped));
    }

    private static int[] encode(Tokenizer tokenizer, String text) {
        return tokenizer.encode(text, new EncodeOptions(true, false));
    }

    /** Positions that scoring it takes. */
    int positions() {
        return ids.length - 1;
    }

    /** How many ids from the start two choices share. */
    int commonWith(EncodedChoice other) {
        int mismatch = Arrays.mismatch(ids, other.ids);
        return mismatch < 0 ? ids.length : mismatch;
    }
}
