/**
 * Help for hosts: finding providers and putting them in order. Providers do not need it.
 *
 * <p>What must not live here: anything a provider has to implement, or that depends on a particular runtime.
 */
package dev.sparsellm.spi.support;
