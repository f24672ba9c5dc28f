/**
 * A comparison for others to read: as JSON, as a page, and in a sentence or two.
 *
 * <p>What must not live here: how to measure, and anything about terminals.
 */
package dev.sparsellm.runtime.report;
