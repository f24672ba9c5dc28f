/**
 * The command line: one class a command, results on stdout, everything else on stderr, exit codes 0 done, 1 failed,
 * 2 used wrongly.
 *
 * <p>What must not live here: anything an application would want from the library. Commands parse, call and print.
 */
package dev.sparsellm.runtime.cli;
