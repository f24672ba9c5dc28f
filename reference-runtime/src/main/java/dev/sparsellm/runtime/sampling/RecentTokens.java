package dev.sparsellm.runtime.sampling;

import java.util.Arrays;

/** Which tokens occur among the last of a session. */
final class RecentTokens {

    private final int[] counts; // [token] occurrences among those remembered
    private final int[] window; // a ring of those remembered; empty if none is ever forgotten
    private final boolean forgets;
    private int position;       // where in the ring the next token goes
    private int size;

    /** @param length how many tokens are remembered, 1 or more, or {@link SamplingOptions#WHOLE_SESSION} */
    RecentTokens(int vocabularySize, int length) {
        counts = new int[vocabularySize];
        forgets = length != SamplingOptions.WHOLE_SESSION;
        window = new int[forgets ? length : 0];
    }

    void add(int token) {
        counts[token]++;
        if (forgets) {
            if (size == window.length) {
                counts[window[position]]--;
            } else {
                size++;
            }
            window[position] = token;
            position = (position + 1) % window.length;
        }
    }

    boolean contains(int token) {
        return counts[token] > 0;
    }

    void clear() {
        Arrays.fill(counts, 0);
        position = 0;
        size = 0;
    }
}
