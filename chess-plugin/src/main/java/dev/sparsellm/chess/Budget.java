package dev.sparsellm.chess;

import java.util.Locale;

/**
 * How much each place of each layer leaves out so that a target is met, found by {@link BudgetSearch}.
 *
 * @param target in the user's words
 * @param found for which method, in words
 * @param shares {@code [layers][sites]}
 * @param kl measured, mean over positions, nats
 * @param perplexityRatio measured
 * @param skipped share of the bytes that can be left out, measured
 * @param uniformKl what one share for all places costs that leaves out as many bytes
 */
record Budget(
        String target, String found, float[] shares, double kl, double perplexityRatio, double skipped, double uniformKl) {

    float share(Site site, int layer) {
        return shares[MaskedOperators.number(layer, site)];
    }

    /** What it is, in a few words. */
    String inWords() {
        return String.format(
                Locale.ROOT,
                "%s, found for %s: %.1f %% of the bytes left out, KL %.4f nats (%.4f with one share for all), perplexity %+.2f %%",
                target,
                found,
                100 * skipped,
                kl,
                uniformKl,
                100 * (perplexityRatio - 1));
    }
}
