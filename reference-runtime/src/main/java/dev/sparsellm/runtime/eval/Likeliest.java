package dev.sparsellm.runtime.eval;

/** The likeliest token. */
final class Likeliest {

    private Likeliest() {}

    /** The first of the greatest logits. */
    static int of(float[] logits, int offset, int vocab) {
        int best = 0;
        for (int i = 1; i < vocab; i++) {
            best = logits[offset + i] > logits[offset + best] ? i : best;
        }
        return best;
    }
}
