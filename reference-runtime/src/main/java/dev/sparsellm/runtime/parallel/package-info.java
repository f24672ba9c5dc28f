/**
 * The runtime's threads: one group for a model, entered a few times for each token.
 *
 * <p>What must not live here: what the threads compute.
 */
package dev.sparsellm.runtime.parallel;
