/**
 * The library: open a {@link dev.sparsellm.runtime.Model}, choose a {@link dev.sparsellm.runtime.lineup.Lineup} of operator
 * providers or take the default one, open {@link dev.sparsellm.runtime.Session}s and generate.
 *
 * <p>What must not live here: how anything is computed, and anything that prints.
 */
package dev.sparsellm.runtime;
