/**
 * The host's side of the SPI: what providers are given while they prepare, and operators put together for a session.
 *
 * <p>What must not live here: choosing among providers.
 */
package dev.sparsellm.runtime.host;
