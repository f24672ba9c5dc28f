package dev.sparsellm.spi;

/** The function a model's feed-forward blocks apply to the gate. */
public enum ActivationFunction {
    /** {@code x · sigmoid(x)}: Llama, Mistral. */
    SILU,
    /** {@code x · Φ(x)}, in any of its approximations. */
    GELU,
    /** {@code max(x, 0)}. */
    RELU
}
