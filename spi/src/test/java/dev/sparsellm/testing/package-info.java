/**
 * Helpers for the tests of all modules, in the test jar of this one. What must not live here: anything that knows a
 * module beyond {@code spi}.
 */
package dev.sparsellm.testing;
