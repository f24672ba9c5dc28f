package dev.sparsellm.runtime.cli;

import java.util.regex.Pattern;

/** Token ids written as text. */
final class TokenIds {

    private static final Pattern BLANKS = Pattern.compile("[\\s,\\[\\]]+");

    private TokenIds() {}

    /**
     * Ids separated by blanks or as a list in JSON.
     *
     * @throws IllegalArgumentException if something else is there, or an id is not of the vocabulary
     */
    static int[] parse(String content, int vocabulary) {
        return BLANKS.splitAsStream(content.strip())
                .filter(word -> !word.isEmpty())
                .mapToInt(word -> {
                    if (!word.matches("[0-9]{1,9}") || Integer.parseInt(word) >= vocabulary) {
                        throw new IllegalArgumentException("The text is read as token ids (--ids), and '"
                                + Quoted.of(word, 20) + "' is none from 0 to " + (vocabulary - 1));
                    }
                    return Integer.parseInt(word);
                })
                .toArray();
    }
}
