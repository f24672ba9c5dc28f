package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.zero;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix times matrix: a few rows of weights are unpacked to F32 and then multiplied with every row of x, so that a
 * weight is read and unpacked once for the whole batch. The inner loops keep 4 rows of weights by 4 rows of x in
 * registers: 16 sums for 8 loads.
 */
final class VectorGemm {

    /** Unpacked rows together; with 4096 columns they take 128 KiB, which stay in the second-level cache. */
    private static final int TILE = 8;
    /** Sums of 4 rows of weights by 4 rows of x. */
    private static final int SUMS = 16 * LANES;

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
        float[] work = scratch.floats(SUMS + TILE * columns); // sums, then weights [TILE][columns]
        for (int r = from; r < to; r += TILE) {
            int rows = Math.min(TILE, to - r);
            for (int i = 0; i < rows; i++) {
                format.unpack(data, (r + i) * rowBytes, columns, work, SUMS + i * columns);
            }
            for (int i = 0; i < rows; i += 4) {
                multiply4(work, SUMS + i * columns, Math.min(4, rows - i), columns, x, batch, y, r + i, yStride);
            }
        }
    }

    /** One to four rows of weights times all rows of x; the missing ones of four repeat the last. */
    private static void multiply4(
            float[] work, int w0, int rows, int columns, float[] x, int batch, float[] y, int yAt, int yStride) {
        int w1 = w0 + Math.min(1, rows - 1) * columns;
        int w2 = w0 + Math.min(2, rows - 1) * columns;
        int w3 = w0 + (rows - 1) * columns;
        int whole = FLOATS.loopBound(columns);
        int b = 0;
        if (LANES == 16) { // CPUs with narrower vectors have 16 registers: too few for 16 sums and what they need
            for (; b + 3 < batch; b += 4) {
                times4(work, w0, w1, w2, w3, whole, x, b * columns, columns, work);
                finish(work, w0, rows, whole, columns, x, b, 4, y, yAt, yStride);
            }
        }
        for (; b + 1 < batch; b += 2) {
            times2(work, w0, w1, w2, w3, whole, x, b * columns, columns, work);
            finish(work, w0, rows, whole, columns, x, b, 2, y, yAt, yStride);
        }
        if (b < batch) {
            Arrays.fill(work, 0, 4 * LANES, 0);
            times1(work, w0, w1, w2, w3, whole, x, b * columns, work);
            finish(work, w0, rows, whole, columns, x, b, 1, y, yAt, yStride);
        }
    }

    /** Adds the columns that fill no vector and adds up the lanes. */
    private static void finish(
            float[] work,
            int w0,
            int rows,
            int whole,
            int columns,
            float[] x,
            int b0,
            int count,
            float[] y,
            int yAt,
            int yStride) {
        for (int b = 0; b < count; b++) {
            for (int r = 0; r < rows; r++) {
                int sums = (4 * b + r) * LANES;
                for (int c = whole; c < columns; c++) {
                    LaneSums.add(work[w0 + r * columns + c], x[(b0 + b) * columns + c], work, sums + c - whole);
                }
                y[(b0 + b) * yStride + yAt + r] = LaneSums.total(work, sums);
            }
        }
    }

    private static void times4(
            float[] w, int w0, int w1, int w2, int w3, int whole, float[] x, int x0, int columns, float[] sums) {
        FloatVector sum00 = zero();
        FloatVector sum10 = zero();
        FloatVector sum20 = zero();
        FloatVector sum30 = zero();
        FloatVector sum01 = zero();
        FloatVector sum11 = zero();
        FloatVector sum21 = zero();
        FloatVector sum31 = zero();
        FloatVector sum02 = zero();
        FloatVector sum12 = zero();
        FloatVector sum22 = zero();
        FloatVector sum32 = zero();
        FloatVector sum03 = zero();
        FloatVector sum13 = zero();
        FloatVector sum23 = zero();
        FloatVector sum33 = zero();
        int x1 = x0 + columns;
        int x2 = x1 + columns;
        int x3 = x2 + columns;
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = load(w, w0 + c);
            FloatVector u1 = load(w, w1 + c);
            FloatVector u2 = load(w, w2 + c);
            FloatVector u3 = load(w, w3 + c);
            FloatVector v0 = load(x, x0 + c);
            sum00 = u0.fma(v0, sum00);
            sum10 = u1.fma(v0, sum10);
            sum20 = u2.fma(v0, sum20);
            sum30 = u3.fma(v0, sum30);
            FloatVector v1 = load(x, x1 + c);
            sum01 = u0.fma(v1, sum01);
            sum11 = u1.fma(v1, sum11);
            sum21 = u2.fma(v1, sum21);
            sum31 = u3.fma(v1, sum31);
            FloatVector v2 = load(x, x2 + c);
            sum02 = u0.fma(v2, sum02);
            sum12 = u1.fma(v2, sum12);
            sum22 = u2.fma(v2, sum22);
            sum32 = u3.fma(v2, sum32);
            FloatVector v3 = load(x, x3 + c);
            sum03 = u0.fma(v3, sum03);
            sum13 = u1.fma(v3, sum13);
            sum23 = u2.fma(v3, sum23);
            sum33 = u3.fma(v3, sum33);
        }
        sum00.intoArray(sums, 0);
        sum10.intoArray(sums, LANES);
        sum20.intoArray(sums, 2 * LANES);
        sum30.intoArray(sums, 3 * LANES);
        sum01.intoArray(sums, 4 * LANES);
        sum11.intoArray(sums, 5 * LANES);
        sum21.intoArray(sums, 6 * LANES);
        sum31.intoArray(sums, 7 * LANES);
        sum02.intoArray(sums, 8 * LANES);
        sum12.intoArray(sums, 9 * LANES);
        sum22.intoArray(sums, 10 * LANES);
        sum32.intoArray(sums, 11 * LANES);
        sum03.intoArray(sums, 12 * LANES);
        sum13.intoArray(sums, 13 * LANES);
        sum23.intoArray(sums, 14 * LANES);
        sum33.intoArray(sums, 15 * LANES);
    }

    private static void times2(
            float[] w, int w0, int w1, int w2, int w3, int whole, float[] x, int x0, int columns, float[] sums) {
        FloatVector sum00 = zero();
        FloatVector sum10 = zero();
        FloatVector sum20 = zero();
        FloatVector sum30 = zero();
        FloatVector sum01 = zero();
        FloatVector sum11 = zero();
        FloatVector sum21 = zero();
        FloatVector sum31 = zero();
        int x1 = x0 + columns;
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = load(w, w0 + c);
            FloatVector u1 = load(w, w1 + c);
            FloatVector u2 = load(w, w2 + c);
            FloatVector u3 = load(w, w3 + c);
            FloatVector v0 = load(x, x0 + c);
            sum00 = u0.fma(v0, sum00);
            sum10 = u1.fma(v0, sum10);
            sum20 = u2.fma(v0, sum20);
            sum30 = u3.fma(v0, sum30);
            FloatVector v1 = load(x, x1 + c);
            sum01 = u0.fma(v1, sum01);
            sum11 = u1.fma(v1, sum11);
            sum21 = u2.fma(v1, sum21);
            sum31 = u3.fma(v1, sum31);
        }
        sum00.intoArray(sums, 0);
        sum10.intoArray(sums, LANES);
        sum20.intoArray(sums, 2 * LANES);
        sum30.intoArray(sums, 3 * LANES);
        sum01.intoArray(sums, 4 * LANES);
        sum11.intoArray(sums, 5 * LANES);
        sum21.intoArray(sums, 6 * LANES);
        sum31.intoArray(sums, 7 * LANES);
    }

    static void times1(
            float[] w, int w0, int w1, int w2, int w3, int whole, float[] x, int x0, float[] sums) {
        FloatVector sum00 = load(sums, 0);
        FloatVector sum10 = load(sums, LANES);
        FloatVector sum20 = load(sums, 2 * LANES);
        FloatVector sum30 = load(sums, 3 * LANES);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector u0 = load(w, w0 + c);
            FloatVector u1 = load(w, w1 + c);
            FloatVector u2 = load(w, w2 + c);
            FloatVector u3 = load(w, w3 + c);
            FloatVector v0 = load(x, x0 + c);
            sum00 = u0.fma(v0, sum00);
            sum10 = u1.fma(v0, sum10);
            sum20 = u2.fma(v0, sum20);
            sum30 = u3.fma(v0, sum30);
        }
        sum00.intoArray(sums, 0);
        sum10.intoArray(sums, LANES);
        sum20.intoArray(sums, 2 * LANES);
        sum30.intoArray(sums, 3 * LANES);
    }
}
