/** What a host runtime and an operator provider say to each other. Contracts only: no compute, no dependencies. */
module dev.sparsellm.spi {
    exports dev.sparsellm.spi;
    exports dev.sparsellm.spi.support;

    uses dev.sparsellm.spi.OperatorProvider;
}
