/**
 * What a model can do under a lineup: multiple choice by log-likelihood, the last word of a passage, and how long two
 * lineups write the same. Counted as lm-evaluation-harness counts.
 *
 * <p>What must not live here: anything that prints, or that knows a particular provider.
 */
package dev.sparsellm.runtime.eval;
