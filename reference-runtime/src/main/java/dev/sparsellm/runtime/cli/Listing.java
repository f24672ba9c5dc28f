package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.lineup.Lineup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;

/** Words and numbers as listings show them. */
final class Listing {

    private Listing() {}

    /** The providers at work, such as {@code chess, dense}. */
    static String members(Lineup lineup) {
        return String.join(", ", lineup.members().stream().map(Lineup.Member::id).toList());
    }

    /** Such as {@code 1.2 MB}: decimal, as file managers count. */
    static String bytes(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 999.95) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %cB", value, "kMGTPE".charAt(unit));
    }

    /** Such as {@code 0-3, 5}. */
    static String ranges(SortedSet<Integer> numbers) {
        List<String> ranges = new ArrayList<>();
        Integer from = null;
        for (Integer number : numbers) {
            if (from == null) {
                from = number;
            }
            if (!numbers.contains(number + 1)) {
                ranges.add(from.equals(number) ? from.toString() : from + "-" + number);
                from = null;
            }
        }
        return String.join(", ", ranges);
    }

    /** Lines of columns, each as wide as its widest cell; the last is not padded. */
    static String table(String indent, List<List<String>> rows) {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(indent);
            for (int i = 0; i < row.size(); i++) {
                int column = i;
                int width = rows.stream().filter(r -> column < r.size()).mapToInt(r -> r.get(column).length()).max()
                        .orElse(0);
                line.append(row.get(i)).repeat(' ', width - row.get(i).length() + 2);
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }
}
