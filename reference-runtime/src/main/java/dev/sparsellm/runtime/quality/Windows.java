package dev.sparsellm.runtime.quality;

import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.util.OptionalInt;

/**
 * A text cut as llama.cpp's perplexity tool cuts it: a begin mark and the text's ids, in windows of equal length, the
 * first id of each window replaced by the begin mark; a remainder is left out.
 *
 * @param ids all of them, begin mark included
 * @param length ids of a window
 * @param count windows
 * @param begin the begin mark, if the model has one
 */
public record Windows(int[] ids, int length, int count, OptionalInt begin) {

    /** @throws IllegalArgumentException if the text is shorter than one window */
    public static Windows ofText(Tokenizer tokenizer, String text, int length, int most) {
        return new Windows(tokenizer.encode(text, new EncodeOptions(true, false)), length, most, tokenizer.bos());
    }

    /**
     * @param ids without a begin mark
     * @throws IllegalArgumentException if there are fewer than one window needs
     */
    public static Windows ofIds(Tokenizer tokenizer, int[] ids, int length, int most) {
        OptionalInt begin = tokenizer.addsBos() ? tokenizer.bos() : OptionalInt.empty();
        int[] all = ids;
        if (begin.isPresent()) {
            all = new int[ids.length + 1];
            all[0] = begin.getAsInt();
            System.arraycopy(ids, 0, all, 1, ids.length);
        }
        return new Windows(all, length, most, begin);
    }

    public Windows {
        if (length < 4) {
            throw new IllegalArgumentException("A window needs at least 4 positions, was " + length + " (--ctx)");
        }
        if (ids.length < length) {
            throw new IllegalArgumentException(
                    "The text has " + ids.length + " tokens, one window needs " + length + ": take a longer text or a smaller --ctx");
        }
        count = Math.min(count, ids.length / length);
    }

    /** The ids of a window, from 0. */
    public int[] window(int index) {
        int[] window = java.util.Arrays.copyOfRange(ids, index * length, (index + 1) * length);
        begin.ifPresent(id -> window[0] = id);
        return window;
    }

    /** The first position whose next token is scored: the second half of a window has context enough. */
    public int firstScored() {
        return length / 2;
    }

    /** Tokens scored in a window. */
    public int scoredPerWindow() {
        return length - firstScored() - 1;
    }
}
