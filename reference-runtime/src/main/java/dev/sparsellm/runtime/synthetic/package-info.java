/**
 * Models of random weights in the shapes of real ones, with vocabularies made from nothing, so that speed can be
 * measured and formats tested without a download. {@link dev.sparsellm.runtime.synthetic.SyntheticModel} is the way in.
 *
 * <p>What must not live here: anything a real model needs.
 */
package dev.sparsellm.runtime.synthetic;
