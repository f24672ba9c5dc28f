package dev.sparsellm.runtime.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import picocli.CommandLine;

/** Finds what somebody who mistyped a word may have meant. */
final class Suggestion {

    private Suggestion() {}

    /** {@code ". Did you mean X?"}, or nothing where no candidate is near. */
    static String of(String word, Collection<String> candidates) {
        Optional<String> nearest = candidates.stream()
                .min(Comparator.comparingInt(candidate -> distance(word, candidate)))
                .filter(candidate -> distance(word, candidate) <= Math.max(1, word.length() / 3));
        return nearest.map(candidate -> ". Did you mean " + candidate + "?").orElse("");
    }

    /** The same for a command or an option. */
    static String of(String word, CommandLine command) {
        return word.startsWith("-")
                ? of(word, command.getCommandSpec().optionsMap().keySet())
                : of(word, command.getSubcommands().keySet());
    }

    /** Letters to insert, remove or replace (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
