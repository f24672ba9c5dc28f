package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.total;
import static dev.sparsellm.kernels.VectorWidth.zero;

import jdk.incubator.vector.FloatVector;

/**
 * What attention does for a head, over many positions at a time: a query by keys, and values by their weights. Rows are
 * short, 64 or 128 numbers, and a call for each took twice as long.
 */
final class VectorAttention {

    private VectorAttention() {}

    /** Four keys share what is loaded of the query; one that is left is summed up in the same order. */
    static void dots(
            float factor, float[] x, int xOffset, float[] rows, int rowsOffset, int stride, int count, float[] out,
            int outOffset, int n) {
        int r = 0;
        for (; r + 4 <= count; r += 4) {
            fourDots(factor, x, xOffset, rows, rowsOffset + r * stride, stride, out, outOffset + r, n);
        }
        for (; r < count; r++) {
            out[outOffset + r] = factor * dot(x, xOffset, rows, rowsOffset + r * stride, n);
        }
    }

    private static void fourDots(
            float factor, float[] x, int xOffset, float[] rows, int at, int stride, float[] out, int o, int n) {
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        FloatVector sum2 = zero();
        FloatVector sum3 = zero();
        int whole = FLOATS.loopBound(n);
        for (int i = 0; i < whole; i += LANES) {
            FloatVector v = load(x, xOffset + i);
            sum0 = load(rows, at + i).fma(v, sum0);
            sum1 = load(rows, at + stride + i).fma(v, sum1);
            sum2 = load(rows, at + 2 * stride + i).fma(v, sum2);
            sum3 = load(rows, at + 3 * stride + i).fma(v, sum3);
        }
        out[o] = factor * (total(sum0) + tail(x, xOffset, rows, at, whole, n));
        out[o + 1] = factor * (total(sum1) + tail(x, xOffset, rows, at + stride, whole, n));
        out[o + 2] = factor * (total(sum2) + tail(x, xOffset, rows, at + 2 * stride, whole, n));
        out[o + 3] = factor * (total(sum3) + tail(x, xOffset, rows, at + 3 * stride, whole, n));
    }

    private static float dot(float[] x, int xOffset, float[] row, int at, int n) {
        FloatVector sum = zero();
        int whole = FLOATS.loopBound(n);
        for (int i = 0; i < whole; i += LANES) {
            sum = load(row, at + i).fma(load(x, xOffset + i), sum);
        }
        return total(sum) + tail(x, xOffset, row, at, whole, n);
    }

    private static float tail(float[] x, int xOffset, float[] row, int at, int from, int n) {
        float sum = 0;
        for (int i = from; i < n; i++) {
            sum += x[xOffset + i] * row[at + i];
        }
        return sum;
    }

    /** Four vectors of y stay in registers while all rows are added to them. */
    static void addRows(
            float[] factors, int factorsOffset, float[] rows, int rowsOffset, int stride, int count, float[] y,
            int yOffset, int n) {
        int i = 0;
        for (; i + 4 * LANES <= n; i += 4 * LANES) {
            addToFour(factors, factorsOffset, rows, rowsOffset + i, stride, count, y, yOffset + i);
        }
        for (; i + LANES <= n; i += LANES) {
            addToOne(factors, factorsOffset, rows, rowsOffset + i, stride, count, y, yOffset + i);
        }
        for (; i < n; i++) {
            for (int r = 0; r < count; r++) {
                y[yOffset + i] =
                        Math.fma(factors[factorsOffset + r], rows[rowsOffset + r * stride + i], y[yOffset + i]);
            }
        }
    }

    private static void addToFour(
            float[] factors, int factorsOffset, float[] rows, int at, int stride, int count, float[] y, int o) {
        FloatVector y0 = load(y, o);
        FloatVector y1 = load(y, o + LANES);
        FloatVector y2 = load(y, o + 2 * LANES);
        FloatVector y3 = load(y, o + 3 * LANES);
        for (int r = 0; r < count; r++) {
            FloatVector factor = FloatVector.broadcast(FLOATS, factors[factorsOffset + r]);
            int row = at + r * stride;
            y0 = load(rows, row).fma(factor, y0);
            y1 = load(rows, row + LANES).fma(factor, y1);
            y2 = load(rows, row + 2 * LANES).fma(factor, y2);
            y3 = load(rows, row + 3 * LANES).fma(factor, y3);
        }
        y0.intoArray(y, o);
        y1.intoArray(y, o + LANES);
        y2.intoArray(y, o + 2 * LANES);
        y3.intoArray(y, o + 3 * LANES);
    }

    private static void addToOne(
            float[] factors, int factorsOffset, float[] rows, int at, int stride, int count, float[] y, int o) {
        FloatVector sum = load(y, o);
        for (int r = 0; r < count; r++) {
            sum = load(rows, at + r * stride).fma(FloatVector.broadcast(FLOATS, factors[factorsOffset + r]), sum);
        }
        sum.intoArray(y, o);
    }
}
