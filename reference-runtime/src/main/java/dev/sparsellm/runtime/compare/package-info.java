/**
 * One model, two lineups: what each writes, how fast, how far apart their predictions are, and what was left out to get
 * there. Figures only.
 *
 * <p>What must not live here: how figures are shown, which is the command line's and the report's.
 */
package dev.sparsellm.runtime.compare;
