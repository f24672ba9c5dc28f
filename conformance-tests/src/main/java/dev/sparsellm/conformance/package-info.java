/**
 * Rules that any provider or host of the SPI can be held to. Runtime and plugins meet in this module's own tests.
 *
 * <p>What must not live here: anything a provider or host needs at run time.
 */
package dev.sparsellm.conformance;
