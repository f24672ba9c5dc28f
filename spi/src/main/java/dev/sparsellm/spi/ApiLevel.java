package dev.sparsellm.spi;

/**
 * The version of this contract. A provider returns the level it was compiled against from
 * {@link OperatorProvider#apiLevel()}; the host refuses a provider whose level it does not serve.
 */
public final class ApiLevel {

    /** The level of this jar. A compile-time constant: a provider keeps the value it was built with. */
    public static final int CURRENT = 1;

    private ApiLevel() {}
}
