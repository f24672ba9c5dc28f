/**
 * Whole models: dense, sparse under several settings, and other runtimes on the same files, in turns.
 * {@link dev.sparsellm.benchmarks.endtoend.EndToEnd} is the way in; it measures each file in a JVM of its own.
 *
 * <p>What must not live here: kernels by themselves.
 */
package dev.sparsellm.benchmarks.endtoend;
