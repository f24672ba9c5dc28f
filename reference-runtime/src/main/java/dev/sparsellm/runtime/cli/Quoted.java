package dev.sparsellm.runtime.cli;

/** Text for a listing: one line, nothing a terminal would obey. */
final class Quoted {

    private Quoted() {}

    /** In double quotes, control characters as escapes. */
    static String of(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '"', '\\' -> quoted.append('\\').append((char) c);
                default -> {
                    if (Character.isISOControl(c)) {
                        quoted.append("\\u%04x".formatted(c));
                    } else {
                        quoted.appendCodePoint(c);
                    }
                }
            }
        });
        return quoted.append('"').toString();
    }

    /** At most {@code length} characters of it, an ellipsis where some are missing. */
    static String of(String text, int length) {
        int end = text.offsetByCodePoints(0, Math.min(length, text.codePointCount(0, text.length())));
        return end == text.length() ? of(text) : of(text.substring(0, end)) + "…";
    }
}
