package dev.sparsellm.benchmarks.endtoend;

/**
 * What one round gave.
 *
 * @param prefill tokens of the prompt read in a second
 * @param decode tokens written in a second
 */
record Speeds(double prefill, double decode) {}
