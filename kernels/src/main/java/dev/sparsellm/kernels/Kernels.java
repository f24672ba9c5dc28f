package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;

/**
 * One implementation of all kernels. Stateless, safe for any thread; choose one with {@link KernelChoice}.
 *
 * <p>Sums are taken in an order that depends on lengths only, never on where a range of rows begins: splitting rows
 * among threads changes no bit. Vector widths differ from each other, and from scalar code, by rounding.
 */
public interface Kernels {

    /** For listings: {@code scalar}, or {@code vector-512}. */
    String name();

    /** Bits of a vector; 32 for scalar code. */
    int vectorBits();

    /**
     * Products with the rows of a matrix as stored.
     *
     * @throws IllegalArgumentException if the tensor's type has no kernel
     */
    RowProduct rows(Tensor weights);

    /** Products with chosen input channels of a matrix. */
    ChannelProduct channels(ChannelMajor weights);

    /**
     * Lists the indices i in [from, to) whose {@code values[valuesOffset + i] · factor} is outside
     * {@code [lower[i], upper[i]]}, ascending, from {@code indices[indicesOffset]} on. NaN counts as outside: it must not
     * be lost.
     *
     * @param indices has room for {@code to − from}; what follows the listed ones is overwritten, too
     * @return how many were listed
     */
    int listOutside(
            float[] values, int valuesOffset, float factor, float[] lower, float[] upper, int from, int to,
            int[] indices, int indicesOffset);

    /**
     * Copies {@code values[valuesOffset + i]} to {@code out[outOffset + i]}, i in [from, to), with {@code substitutes[i]}
     * in place of those whose {@code tested[testedOffset + i] · factor} is within {@code [lower[i], upper[i]]}.
     *
     * @param out may be {@code values} at the same offset
     * @return how many were outside, as {@link #listOutside} has it
     */
    int replaceInside(
            float[] tested, int testedOffset, float factor, float[] lower, float[] upper, float[] substitutes,
            float[] values, int valuesOffset, float[] out, int outOffset, int from, int to);

    /** {@code out[outOffset + c] = W[row][c]} for all columns. */
    void dequantize(Tensor weights, int row, float[] out, int outOffset);

    /** {@code Σ_i a[aOffset + i] · b[bOffset + i]}, i in [0, n). */
    float dot(float[] a, int aOffset, float[] b, int bOffset, int n);

    /** {@code y[yOffset + i] += alpha · x[xOffset + i]}, i in [0, n). */
    void addScaled(float alpha, float[] x, int xOffset, float[] y, int yOffset, int n);

    /** {@code y[yOffset + i] += x[xOffset + i]}, i in [0, n). */
    void add(float[] x, int xOffset, float[] y, int yOffset, int n);

    /** {@code y[yOffset + i] = x[xOffset + i] · weight[i] / sqrt(mean(x²) + epsilon)}, i in [0, n). */
    void rmsNorm(float[] x, int xOffset, float[] weight, float epsilon, float[] y, int yOffset, int n);

    /** {@code x = x · sigmoid(x)} for indices in [from, to), in place. */
    void silu(float[] x, int from, int to);

    /** {@code x[i] *= y[i]} for indices in [from, to), in place. */
    void multiply(float[] x, float[] y, int from, int to);

    /** {@code x[offset + i] = exp(x[offset + i] − max) / Σ exp(…)}, i in [0, n), in place. */
    void softmax(float[] x, int offset, int n);
}
