/**
 * Products of weight matrices with activations, for every {@link dev.sparsellm.spi.TensorType}, and the few vector
 * operations a transformer needs beside them. {@link dev.sparsellm.kernels.Kernels} is the way in; it has a scalar
 * implementation, always there and the oracle of the other, and one on the Vector API.
 *
 * <p>The only package of the project that mentions {@code jdk.incubator.vector}. No type of it appears in a public
 * signature. What must not live here: threads, model structure, policy.
 */
package dev.sparsellm.kernels;
