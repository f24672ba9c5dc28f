/** Linear algebra on GGML weight blocks, scalar and vectorised, and the GGUF file format that holds them. */
module dev.sparsellm.kernels {
    requires transitive dev.sparsellm.spi;
    requires jdk.incubator.vector;
    requires jdk.management;

    exports dev.sparsellm.kernels;
    exports dev.sparsellm.kernels.gguf;
    exports dev.sparsellm.kernels.repack;
}
