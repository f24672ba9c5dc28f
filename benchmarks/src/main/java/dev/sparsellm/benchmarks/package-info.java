/**
 * JMH benchmarks of every kernel, and {@link dev.sparsellm.benchmarks.KernelBenchmarks}, which runs them and says what
 * they read in a second.
 *
 * <p>What must not live here: whole models, which are {@link dev.sparsellm.benchmarks.endtoend}'s, and anything that
 * another module uses.
 */
package dev.sparsellm.benchmarks;
