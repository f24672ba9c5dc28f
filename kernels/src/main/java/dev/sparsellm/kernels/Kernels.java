package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;

/**
 * One implementation of all kernels. Stateless, safe for any thread; choose one with {@link KernelChoice}.
 *
 * <p>Sums are taken in an order that depends on lengths only, never on where a range of rows begins: splitting rows
 * among threads changes no bit. Vector widths differ from each other, and from scalar code, by rounding.
 */
public interface Kernels extends SparseKernels {

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

    /** Room for batches of x, empty at first. */
    BatchedInput batchedInput();

    /** {@code out[outOffset + c] = W[row][c]} for all columns. */
    void dequantize(Tensor weights, int row, float[] out, int outOffset);

    /** {@code Σ_i a[aOffset + i] · b[bOffset + i]}, i in [0, n). */
    float dot(float[] a, int aOffset, float[] b, int bOffset, int n);

    /**
     * {@code out[outOffset + r] = factor · Σ_i x[xOffset + i] · rows[rowsOffset + r · stride + i]}, r in [0, count), i in
     * [0, n): a query's scores for some keys. How a row is summed up does not depend on how many there are.
     */
    void dots(
            float factor, float[] x, int xOffset, float[] rows, int rowsOffset, int stride, int count, float[] out,
            int outOffset, int n);

    /**
     * {@code y[yOffset + i] += Σ_r factors[factorsOffset + r] · rows[rowsOffset + r · stride + i]}, r in [0, count), i in
     * [0, n), row after row: values by their weights.
     */
    void addRows(
            float[] factors, int factorsOffset, float[] rows, int rowsOffset, int stride, int count, float[] y,
            int yOffset, int n);

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
