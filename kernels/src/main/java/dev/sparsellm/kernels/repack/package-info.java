/**
 * Re-packed weights and the files they are kept in: {@link dev.sparsellm.kernels.repack.RepackCache} gives the
 * channel-major form of a model's tensors, from a file of an earlier run where there is a sound one, and repacks
 * otherwise.
 *
 * <p>What must not live here: the layout itself, which is {@link dev.sparsellm.kernels.ChannelMajor}'s, and which
 * tensors are worth repacking, which is the caller's.
 */
package dev.sparsellm.kernels.repack;
