package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.sum;
import static dev.sparsellm.kernels.VectorWidth.zero;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix times matrix: a few rows of weights are unpacked to F32 and then multiplied with every row of x, so that a
 * weight is read and unpacked once for the whole batch. The inner loops keep 4 rows of weights by 4 rows of x in
 * registers: 16 sums for 8 loads.
 */
final class VectorGemm {

    /** Unpacked rows together; with 4096 columns they take 128 KiB, which stay in the second-level cache. */
    private static final int TILE = 8;

    private VectorGemm() {}

    static void multiply(
            VectorFormat format,
            MemorySegment data,
            long rowBytes,
            int columns,
            float[] x,
            int batch,
            float[] y,
            int yStride,
            int from,
            int to,
            Scratch scratch) {
        float[] w = scratch.floats(TILE * columns); // [TILE][columns]
        for (int r = from; r < to; r += TILE) {
            int rows = Math.min(TILE, to - r);
            for (int i = 0; i < rows; i++) {
                format.unpack(data, (r + i) * rowBytes, columns, w, i * columns);
            }
            for (int i = 0; i < rows; i += 4) {
                multiply4(w, i * columns, Math.min(3, rows - 1 - i), columns, x, batch, y, r + i, yStride);
            }
        }
    }

    /** Rows 0 to {@code last}, at most 3, at {@code w[wAt …]} times all of x. */
    private static void multiply4(
            float[] w, int wAt, int last, int columns, float[] x, int batch, float[] y, int yAt, int yStride) {
        int w1 = wAt + Math.min(1, last) * columns;
        int w2 = wAt + Math.min(2, last) * columns;
        int w3 = wAt + last * columns;
        int b = 0;
        if (LANES == 16) { // else 16 sums do not fit the registers
            for (; b + 3 < batch; b += 4) {
                rows4x4(w, wAt, w1, w2, w3, columns, x, b * columns, y, b * yStride + yAt, yStride, last);
            }
        }
        for (; b + 1 < batch; b += 2) {
            rows4x2(w, wAt, w1, w2, w3, columns, x, b * columns, y, b * yStride + yAt, yStride, last);
        }
        if (b < batch) {
            rows4x1(w, wAt, w1, w2, w3, columns, x, b * columns, y, b * yStride + yAt, last);
        }
    }

    private static void rows4x4(
            float[] w, int w0, int w1, int w2, int w3, int columns, float[] x, int xAt, float[] y, int yAt, int yStride,
            int last) {
        FloatVector s00 = zero();
        FloatVector s10 = zero();
        FloatVector s20 = zero();
        FloatVector s30 = zero();
        FloatVector s01 = zero();
        FloatVector s11 = zero();
        FloatVector s21 = zero();
        FloatVector s31 = zero();
        FloatVector s02 = zero();
        FloatVector s12 = zero();
        FloatVector s22 = zero();
        FloatVector s32 = zero();
        FloatVector s03 = zero();
        FloatVector s13 = zero();
        FloatVector s23 = zero();
        FloatVector s33 = zero();
        int whole = FLOATS.loopBound(columns);
        int x1 = xAt + columns;
        int x2 = xAt + 2 * columns;
        int x3 = xAt + 3 * columns;
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = load(w, w0 + c);
            FloatVector u1 = load(w, w1 + c);
            FloatVector u2 = load(w, w2 + c);
            FloatVector u3 = load(w, w3 + c);
            FloatVector v0 = load(x, xAt + c);
            s00 = u0.fma(v0, s00);
            s10 = u1.fma(v0, s10);
            s20 = u2.fma(v0, s20);
            s30 = u3.fma(v0, s30);
            FloatVector v1 = load(x, x1 + c);
            s01 = u0.fma(v1, s01);
            s11 = u1.fma(v1, s11);
            s21 = u2.fma(v1, s21);
            s31 = u3.fma(v1, s31);
            FloatVector v2 = load(x, x2 + c);
            s02 = u0.fma(v2, s02);
            s12 = u1.fma(v2, s12);
            s22 = u2.fma(v2, s22);
            s32 = u3.fma(v2, s32);
            FloatVector v3 = load(x, x3 + c);
            s03 = u0.fma(v3, s03);
            s13 = u1.fma(v3, s13);
            s23 = u2.fma(v3, s23);
            s33 = u3.fma(v3, s33);
        }
        y[yAt] = sum(s00) + tail(w, w0, x, xAt, whole, columns);
        y[yAt + Math.min(1, last)] = sum(s10) + tail(w, w1, x, xAt, whole, columns);
        y[yAt + Math.min(2, last)] = sum(s20) + tail(w, w2, x, xAt, whole, columns);
        y[yAt + Math.min(3, last)] = sum(s30) + tail(w, w3, x, xAt, whole, columns);
        y[yAt + yStride] = sum(s01) + tail(w, w0, x, x1, whole, columns);
        y[yAt + yStride + Math.min(1, last)] = sum(s11) + tail(w, w1, x, x1, whole, columns);
        y[yAt + yStride + Math.min(2, last)] = sum(s21) + tail(w, w2, x, x1, whole, columns);
        y[yAt + yStride + Math.min(3, last)] = sum(s31) + tail(w, w3, x, x1, whole, columns);
        y[yAt + 2 * yStride] = sum(s02) + tail(w, w0, x, x2, whole, columns);
        y[yAt + 2 * yStride + Math.min(1, last)] = sum(s12) + tail(w, w1, x, x2, whole, columns);
        y[yAt + 2 * yStride + Math.min(2, last)] = sum(s22) + tail(w, w2, x, x2, whole, columns);
        y[yAt + 2 * yStride + Math.min(3, last)] = sum(s32) + tail(w, w3, x, x2, whole, columns);
        y[yAt + 3 * yStride] = sum(s03) + tail(w, w0, x, x3, whole, columns);
        y[yAt + 3 * yStride + Math.min(1, last)] = sum(s13) + tail(w, w1, x, x3, whole, columns);
        y[yAt + 3 * yStride + Math.min(2, last)] = sum(s23) + tail(w, w2, x, x3, whole, columns);
        y[yAt + 3 * yStride + Math.min(3, last)] = sum(s33) + tail(w, w3, x, x3, whole, columns);
    }

    private static void rows4x2(
            float[] w, int w0, int w1, int w2, int w3, int columns, float[] x, int xAt, float[] y, int yAt, int yStride,
            int last) {
        FloatVector s00 = zero();
        FloatVector s10 = zero();
        FloatVector s20 = zero();
        FloatVector s30 = zero();
        FloatVector s01 = zero();
        FloatVector s11 = zero();
        FloatVector s21 = zero();
        FloatVector s31 = zero();
        int whole = FLOATS.loopBound(columns);
        int x1 = xAt + columns;
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = load(w, w0 + c);
            FloatVector u1 = load(w, w1 + c);
            FloatVector u2 = load(w, w2 + c);
            FloatVector u3 = load(w, w3 + c);
            FloatVector v0 = load(x, xAt + c);
            s00 = u0.fma(v0, s00);
            s10 = u1.fma(v0, s10);
            s20 = u2.fma(v0, s20);
            s30 = u3.fma(v0, s30);
            FloatVector v1 = load(x, x1 + c);
            s01 = u0.fma(v1, s01);
            s11 = u1.fma(v1, s11);
            s21 = u2.fma(v1, s21);
            s31 = u3.fma(v1, s31);
        }
        y[yAt] = sum(s00) + tail(w, w0, x, xAt, whole, columns);
        y[yAt + Math.min(1, last)] = sum(s10) + tail(w, w1, x, xAt, whole, columns);
        y[yAt + Math.min(2, last)] = sum(s20) + tail(w, w2, x, xAt, whole, columns);
        y[yAt + Math.min(3, last)] = sum(s30) + tail(w, w3, x, xAt, whole, columns);
        y[yAt + yStride] = sum(s01) + tail(w, w0, x, x1, whole, columns);
        y[yAt + yStride + Math.min(1, last)] = sum(s11) + tail(w, w1, x, x1, whole, columns);
        y[yAt + yStride + Math.min(2, last)] = sum(s21) + tail(w, w2, x, x1, whole, columns);
        y[yAt + yStride + Math.min(3, last)] = sum(s31) + tail(w, w3, x, x1, whole, columns);
    }

    private static void rows4x1(
            float[] w, int w0, int w1, int w2, int w3, int columns, float[] x, int xAt, float[] y, int yAt,
            int last) {
        FloatVector s00 = zero();
        FloatVector s10 = zero();
        FloatVector s20 = zero();
        FloatVector s30 = zero();
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = load(w, w0 + c);
            FloatVector u1 = load(w, w1 + c);
            FloatVector u2 = load(w, w2 + c);
            FloatVector u3 = load(w, w3 + c);
            FloatVector v0 = load(x, xAt + c);
            s00 = u0.fma(v0, s00);
            s10 = u1.fma(v0, s10);
            s20 = u2.fma(v0, s20);
            s30 = u3.fma(v0, s30);
        }
        y[yAt] = sum(s00) + tail(w, w0, x, xAt, whole, columns);
        y[yAt + Math.min(1, last)] = sum(s10) + tail(w, w1, x, xAt, whole, columns);
        y[yAt + Math.min(2, last)] = sum(s20) + tail(w, w2, x, xAt, whole, columns);
        y[yAt + Math.min(3, last)] = sum(s30) + tail(w, w3, x, xAt, whole, columns);
    }

    private static float tail(float[] w, int wAt, float[] x, int xAt, int from, int to) {
        float sum = 0;
        for (int c = from; c < to; c++) {
            sum += w[wAt + c] * x[xAt + c];
        }
        return sum;
    }
}
