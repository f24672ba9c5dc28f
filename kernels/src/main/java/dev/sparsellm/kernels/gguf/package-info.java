/**
 * The GGUF file format, versions 2 and 3: reading through a memory mapping with every extent checked before use, and
 * writing. Used for models, and for the files that providers keep.
 *
 * <p>What must not live here: what metadata keys mean for a model.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF specification</a>
 */
package dev.sparsellm.kernels.gguf;
