package dev.sparsellm.runtime.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds the names of special tokens in a text, longer names before shorter ones, as llama.cpp does. User-defined tokens
 * are always found; control tokens only on demand. Immutable.
 */
final class SpecialTokenSplitter {

    /** A stretch of a text. */
    sealed interface Fragment {
        record Text(String text) implements Fragment {}

        record Token(int id) implements Fragment {}
    }

    private final Vocabulary vocabulary;
    private final int[] userDefined;
    private final int[] special;

    SpecialTokenSplitter(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
        special = IntStream.range(0, vocabulary.size())
                .filter(id -> isSpecial(vocabulary.type(id)))
                .boxed()
                .sorted(Comparator.comparingInt(id -> -vocabulary.piece(id).length()))
                .mapToInt(Integer::intValue)
                .toArray();
        userDefined = IntStream.of(special)
                .filter(id -> vocabulary.type(id) == TokenType.USER_DEFINED)
                .toArray();
    }

    private static boolean isSpecial(TokenType type) {
        return switch (type) {
            case CONTROL, UNKNOWN, USER_DEFINED -> true;
            case NORMAL, UNUSED, BYTE -> false;
        };
    }

    /** The text in order, cut at its special tokens; no fragment is empty. */
    List<Fragment> split(String text, boolean parseSpecial) {
        List<Fragment> fragments = text.isEmpty() ? List.of() : List.of(new Fragment.Text(text));
        for (int id : parseSpecial ? special : userDefined) {
            if (text.contains(vocabulary.piece(id))) {
                fragments = split(fragments, id);
            }
        }
        return fragments;
    }

    private List<Fragment> split(List<Fragment> fragments, int id) {
        List<Fragment> parts = new ArrayList<>();
        for (Fragment fragment : fragments) {
            switch (fragment) {
                case Fragment.Token token -> parts.add(token);
                case Fragment.Text(String text) -> split(text, id, parts);
            }
        }
        return parts;
    }

    private void split(String text, int id, List<Fragment> parts) {
        String name = vocabulary.piece(id);
        int done = 0;
        for (int at = text.indexOf(name); at >= 0; at = text.indexOf(name, done)) {
            if (at > done) {
                parts.add(new Fragment.Text(text.substring(done, at)));
            }
            parts.add(new Fragment.Token(id));
            done = at + name.length();
        }
        if (done < text.length()) {
            parts.add(new Fragment.Text(text.substring(done)));
        }
    }
}
