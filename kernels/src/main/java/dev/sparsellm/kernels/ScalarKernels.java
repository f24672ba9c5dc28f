package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;

/** Plain loops, on any JVM: each equation as it is written in the papers, and the oracle of the vector code. */
final class ScalarKernels implements Kernels {

    private final SparseKernels sparse = new ScalarSparseKernels();

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public int vectorBits() {
        return 32;
    }

    @Override
    public RowProduct rows(Tensor weights) {
        ScalarBlocks.requireSupported(weights);
        return new ScalarRowProduct(weights);
    }

    @Override
    public BatchedInput batchedInput() {
        return new BatchedInput(1, 1, 1);
    }

    @Override
    public ChannelProduct channels(ChannelMajor weights) {
        return sparse.channels(weights);
    }

    @Override
    public int listOutside(
            float[] values, int valuesOffset, float factor, float[] lower, float[] upper, int from, int to,
            int[] indices, int indicesOffset) {
        return sparse.listOutside(values, valuesOffset, factor, lower, upper, from, to, indices, indicesOffset);
    }

    @Override
    public int replaceInside(
            float[] tested, int testedOffset, float factor, float[] lower, float[] upper, float[] substitutes,
            float[] values, int valuesOffset, float[] out, int outOffset, int from, int to) {
        return sparse.replaceInside(
                tested, testedOffset, factor, lower, upper, substitutes, values, valuesOffset, out, outOffset, from,
                to);
    }

    @Override
    public void dequantize(Tensor weights, int row, float[] out, int outOffset) {
        ScalarBlocks.requireSupported(weights);
        Ranges.check(row, row + 1, weights.rows(), weights.name());
        ScalarBlocks.unpack(
                weights.type(), weights.data(), row * weights.rowBytes(), weights.columns(), out, outOffset);
    }

    @Override
    public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
        return sum(a, aOffset, b, bOffset, n);
    }

    /** Four sums side by side: four times as fast as one, which would wait for each addition, and more exact. */
    static float sum(float[] a, int aOffset, float[] b, int bOffset, int n) {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            sum0 += a[aOffset + i] * b[bOffset + i];
            sum1 += a[aOffset + i + 1] * b[bOffset + i + 1];
            sum2 += a[aOffset + i + 2] * b[bOffset + i + 2];
            sum3 += a[aOffset + i + 3] * b[bOffset + i + 3];
        }
        for (; i < n; i++) {
            sum0 += a[aOffset + i] * b[bOffset + i];
        }
        return (sum0 + sum1) + (sum2 + sum3);
    }

    @Override
    public void dots(
            float factor, float[] x, int xOffset, float[] rows, int rowsOffset, int stride, int count, float[] out,
            int outOffset, int n) {
        for (int r = 0; r < count; r++) {
            out[outOffset + r] = factor * sum(x, xOffset, rows, rowsOffset + r * stride, n);
        }
    }

    @Override
    public void addRows(
            float[] factors, int factorsOffset, float[] rows, int rowsOffset, int stride, int count, float[] y,
            int yOffset, int n) {
        for (int r = 0; r < count; r++) {
            for (int i = 0; i < n; i++) {
                y[yOffset + i] += factors[factorsOffset + r] * rows[rowsOffset + r * stride + i];
            }
        }
    }

    @Override
    public void add(float[] x, int xOffset, float[] y, int yOffset, int n) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] += x[xOffset + i];
        }
    }

    @Override
    public void rmsNorm(float[] x, int xOffset, float[] weight, float epsilon, float[] y, int yOffset, int n) {
        float scale = (float) (1 / Math.sqrt(dot(x, xOffset, x, xOffset, n) / (double) n + epsilon));
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = x[xOffset + i] * scale * weight[i];
        }
    }

    @Override
    public void silu(float[] x, int from, int to) {
        for (int i = from; i < to; i++) {
            x[i] = silu(x[i]);
        }
    }

    /** {@code v / (1 + e^−v)}. At −∞ that is −∞ / ∞, and NaN like every other −∞ · 0. */
    static float silu(float v) {
        return (float) (v / (1 + Math.exp(-v)));
    }

    @Override
    public void multiply(float[] x, float[] y, int from, int to) {
        for (int i = from; i < to; i++) {
            x[i] *= y[i];
        }
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = offset; i < offset + n; i++) {
            max = Math.max(max, x[i]);
        }
        double sum = 0;
        for (int i = offset; i < offset + n; i++) {
            x[i] = (float) Math.exp(x[i] - max);
            sum += x[i];
        }
        float scale = (float) (1 / sum);
        for (int i = offset; i < offset + n; i++) {
            x[i] *= scale;
        }
    }
}
