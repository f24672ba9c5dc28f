package dev.sparsellm.runtime.report;

/** Where two texts begin to differ. */
public final class CommonWords {

    private CommonWords() {}

    /** The index at which the first word begins that is not the same in both; the length of both if they are equal. */
    public static int length(String a, String b) {
        int same = 0;
        while (same < Math.min(a.length(), b.length()) && a.charAt(same) == b.charAt(same)) {
            same++;
        }
        if (same == a.length() && same == b.length()) {
            return same;
        }
        while ((isInsideWord(a, same) || isInsideWord(b, same))) {
            same--;
        }
        return same;
    }

    private static boolean isInsideWord(String text, int at) {
        return at > 0
                && at < text.length()
                && !Character.isWhitespace(text.charAt(at))
                && !Character.isWhitespace(text.charAt(at - 1));
    }
}
