package dev.sparsellm.runtime.cli;

import java.util.ArrayList;
import java.util.List;
import org.jline.utils.WCWidth;

/** Text wrapped to columns of a terminal. */
final class TextColumns {

    private TextColumns() {}

    /** Columns that a text takes; wide characters take two, combining ones none. */
    static int width(String text) {
        return text.codePoints().map(c -> Math.max(0, WCWidth.wcwidth(c))).sum();
    }

    /** What a terminal shows and does not obey: line ends and tabs stay blanks, other control characters become �. */
    static String harmless(String text) {
        StringBuilder safe = new StringBuilder();
        text.codePoints().forEach(c -> safe.appendCodePoint(
                c == '\n' ? '\n' : c == '\t' || c == '\r' ? ' ' : Character.isISOControl(c) || isDirection(c) ? 0xFFFD : c));
        return safe.toString();
    }

    /** Marks that reorder what follows. */
    private static boolean isDirection(int c) {
        return c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069;
    }

    /** Lines of at most {@code width} columns, broken at blanks where there are any. */
    static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        for (String paragraph : text.split("\n", -1)) {
            wrapParagraph(paragraph, width, lines);
        }
        return lines;
    }

    private static void wrapParagraph(String paragraph, int width, List<String> lines) {
        StringBuilder line = new StringBuilder();
        int used = 0;
        for (String word : paragraph.split(" +")) {
            int needed = width(word);
            if (used > 0 && used + 1 + needed > width) {
                lines.add(line.toString());
                line.setLength(0);
                used = 0;
            }
            if (used > 0) {
                line.append(' ');
                used++;
            }
            for (int c : word.codePoints().toArray()) {
                int columns = Math.max(0, WCWidth.wcwidth(c));
                if (used > 0 && used + columns > width) {
                    lines.add(line.toString());
                    line.setLength(0);
                    used = 0;
                }
                line.appendCodePoint(c);
                used += columns;
            }
        }
        lines.add(line.toString());
    }

    /** The text, filled with blanks. */
    static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - width(text)));
    }
}
