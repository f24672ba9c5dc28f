/**
 * The host's own operators: exact products with the weights as the file stores them. What every provider is measured
 * against, and what serves whatever no provider takes.
 *
 * <p>What must not live here: approximations.
 */
package dev.sparsellm.runtime.dense;
