package dev.sparsellm.runtime.synthetic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Pieces of words for vocabularies: two to four letters, or a space and one to four letters, the likeliest first if
 * letters fell independently with the frequencies they have in English. A piece always comes after the piece without
 * its last letter, since that one is likelier: each can be made from an earlier one and a letter.
 */
final class MadeUpWords {

    /** Letters in order of frequency, and how often each occurs in a thousand (Lewand, Cryptological Mathematics). */
    private static final String LETTERS = "etaoinshrdlcumwfgypbvkjxqz";

    private static final double[] PER_MILLE = {
        127.0, 90.6, 81.7, 75.1, 69.7, 67.5, 63.3, 60.9, 59.9, 42.5, 40.3, 27.8, 27.6,
        24.1, 23.6, 22.3, 20.2, 19.7, 19.3, 14.9, 9.8, 7.7, 1.53, 1.5, 0.95, 0.74
    };

    private static final int LONGEST = 4;
    private static final double SPACE_COST = 0.5;
    private static final double COST_UNITS = 1e6; // of a natural logarithm

    private MadeUpWords() {}

    /** The first {@code count} pieces, a space written as such. */
    static List<String> list(int count) {
        int base = LETTERS.length();
        long[] candidates = new long[1_000_000];
        int size = 0;
        int strings = base;
        for (int length = 1; length <= LONGEST; length++) {
            for (int code = 0; code < strings; code++) {
                for (int space = 0; space < 2; space++) {
                    if (length + space > 1) {
                        // Cost in the upper bits, to sort by; below, what the piece is.
                        candidates[size++] = cost(code, length, space) << 32 | (long) code << 4 | length << 1 | space;
                    }
                }
            }
            strings *= base;
        }
        if (count > size) {
            throw new IllegalArgumentException("Only " + size + " pieces can be made, not " + count);
        }
        Arrays.sort(candidates, 0, size);
        List<String> pieces = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            pieces.add(spell((int) candidates[i]));
        }
        return pieces;
    }

    private static long cost(int code, int length, int space) {
        double cost = space * SPACE_COST;
        for (int i = 0, rest = code; i < length; i++, rest /= LETTERS.length()) {
            cost -= Math.log(PER_MILLE[rest % LETTERS.length()] / 1000);
        }
        return (long) (cost * COST_UNITS);
    }

    private static String spell(int piece) {
        StringBuilder text = new StringBuilder();
        int length = piece >> 1 & 7;
        for (int i = 0, rest = piece >>> 4; i < length; i++, rest /= LETTERS.length()) {
            text.append(LETTERS.charAt(rest % LETTERS.length()));
        }
        return (piece & 1) == 1 ? " " + text : text.toString();
    }
}
