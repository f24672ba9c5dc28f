package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix times matrix: some rows of weights are unpacked to F32 and then multiplied with every row of x, so that a weight
 * is read and unpacked once for the whole batch. The inner loop keeps 6 rows of weights by 4 rows of x in registers: 24
 * sums for 10 loads. (16 sums for 8 loads ran at 70 to 100 of the 117 GFLOP/s of a processor, this at 109: a load of 64
 * bytes from an array nearly always crosses two lines of the cache.) The 6 rows lie vector by vector beside each other, as
 * one stream: after one another they were at 70 to 95, since rows 16 KB apart share few places in the first-level cache.
 */
final class VectorGemm {

    /** Rows of weights multiplied together. */
    private static final int ROWS = 6;
    /** Rows of x multiplied together. With narrower vectors, x86 CPUs have 16 registers: enough for 12 sums. */
    private static final int BATCH = LANES == 16 ? 4 : 2;

    private static final int SUMS = ROWS * BATCH * LANES;
    private static final int[] PLACES_OF_TOTALS = ManyLaneSums.places(ROWS * BATCH);
    /** Weights unpacked at a time, but six rows at the least: 384 KB stay in a second-level cache of 1 MB beside some x. */
    private static final int TILE = 96 * 1024;

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
        int whole = FLOATS.loopBound(columns);
        int bundle = ROWS * (columns == whole ? whole : whole + LANES); // floats of ROWS rows, the last vector filled up
        int bundles = Math.min(Math.max(1, TILE / bundle), Math.ceilDiv(to - from, ROWS));
        float[] work = scratch.floats(SUMS + bundles * bundle); // sums, then the tile
        for (int tile = from; tile < to; tile += bundles * ROWS) {
            int end = Math.min(tile + bundles * ROWS, to);
            for (int r = tile; r < end; r++) {
                int at = SUMS + (r - tile) / ROWS * bundle + (r - tile) % ROWS * LANES;
                format.unpack(data, r * rowBytes, columns, work, at, ROWS);
            }
            for (int b = 0; b < batch; b += BATCH) {
                for (int r = tile; r < end; r += ROWS) {
                    int w = SUMS + (r - tile) / ROWS * bundle;
                    multiply(work, w, columns, x, b, batch, y, r, Math.min(r + ROWS, end), yStride);
                }
            }
        }
    }

    /** Rows of one bundle times rows of x from b on; where one or the other has fewer, some are multiplied in vain. */
    private static void multiply(
            float[] work, int w, int columns, float[] x, int b, int batch, float[] y, int from, int to, int yStride) {
        int whole = FLOATS.loopBound(columns);
        int end = w + ROWS * whole;
        int last = batch - 1;
        int x0 = b * columns;
        int x1 = Math.min(b + 1, last) * columns;
        if (LANES == 16 && batch - b > 2) {
            times4(work, w, end, x, x0, x1, Math.min(b + 2, last) * columns, Math.min(b + 3, last) * columns, work);
        } else {
            times2(work, w, end, x, x0, x1, work); // sums of other rows of x are left over from before
        }
        int batches = Math.min(BATCH, batch - b);
        for (int i = 0; i < batches && whole < columns; i++) { // columns that fill no vector
            for (int r = 0; r < ROWS; r++) {
                for (int c = whole, lane = 0; c < columns; c++, lane++) {
                    LaneSums.add(work[end + r * LANES + lane], x[x0 + i * columns + c], work, (ROWS * i + r) * LANES + lane);
                }
            }
        }
        ManyLaneSums.total(work, ROWS * BATCH);
        for (int i = 0; i < batches; i++) {
            for (int r = from; r < to; r++) {
                y[(b + i) * yStride + r] = work[PLACES_OF_TOTALS[ROWS * i + r - from]];
            }
        }
    }

    /** Written out: see {@link VectorFormat} on calls. */
    private static void times4(float[] w, int w0, int end, float[] x, int x0, int x1, int x2, int x3, float[] sums) {
        FloatVector sum00 = FloatVector.zero(FLOATS);
        FloatVector sum10 = FloatVector.zero(FLOATS);
        FloatVector sum20 = FloatVector.zero(FLOATS);
        FloatVector sum30 = FloatVector.zero(FLOATS);
        FloatVector sum40 = FloatVector.zero(FLOATS);
        FloatVector sum50 = FloatVector.zero(FLOATS);
        FloatVector sum01 = FloatVector.zero(FLOATS);
        FloatVector sum11 = FloatVector.zero(FLOATS);
        FloatVector sum21 = FloatVector.zero(FLOATS);
        FloatVector sum31 = FloatVector.zero(FLOATS);
        FloatVector sum41 = FloatVector.zero(FLOATS);
        FloatVector sum51 = FloatVector.zero(FLOATS);
        FloatVector sum02 = FloatVector.zero(FLOATS);
        FloatVector sum12 = FloatVector.zero(FLOATS);
        FloatVector sum22 = FloatVector.zero(FLOATS);
        FloatVector sum32 = FloatVector.zero(FLOATS);
        FloatVector sum42 = FloatVector.zero(FLOATS);
        FloatVector sum52 = FloatVector.zero(FLOATS);
        FloatVector sum03 = FloatVector.zero(FLOATS);
        FloatVector sum13 = FloatVector.zero(FLOATS);
        FloatVector sum23 = FloatVector.zero(FLOATS);
        FloatVector sum33 = FloatVector.zero(FLOATS);
        FloatVector sum43 = FloatVector.zero(FLOATS);
        FloatVector sum53 = FloatVector.zero(FLOATS);
        for (int c = 0, at = w0; at < end; c += LANES, at += ROWS * LANES) {
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, x0 + c);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, x1 + c);
            FloatVector v2 = FloatVector.fromArray(FLOATS, x, x2 + c);
            FloatVector v3 = FloatVector.fromArray(FLOATS, x, x3 + c);
            FloatVector u0 = FloatVector.fromArray(FLOATS, w, at);
            sum00 = u0.fma(v0, sum00);
            sum01 = u0.fma(v1, sum01);
            sum02 = u0.fma(v2, sum02);
            sum03 = u0.fma(v3, sum03);
            FloatVector u1 = FloatVector.fromArray(FLOATS, w, at + LANES);
            sum10 = u1.fma(v0, sum10);
            sum11 = u1.fma(v1, sum11);
            sum12 = u1.fma(v2, sum12);
            sum13 = u1.fma(v3, sum13);
            FloatVector u2 = FloatVector.fromArray(FLOATS, w, at + 2 * LANES);
            sum20 = u2.fma(v0, sum20);
            sum21 = u2.fma(v1, sum21);
            sum22 = u2.fma(v2, sum22);
            sum23 = u2.fma(v3, sum23);
            FloatVector u3 = FloatVector.fromArray(FLOATS, w, at + 3 * LANES);
            sum30 = u3.fma(v0, sum30);
            sum31 = u3.fma(v1, sum31);
            sum32 = u3.fma(v2, sum32);
            sum33 = u3.fma(v3, sum33);
            FloatVector u4 = FloatVector.fromArray(FLOATS, w, at + 4 * LANES);
            sum40 = u4.fma(v0, sum40);
            sum41 = u4.fma(v1, sum41);
            sum42 = u4.fma(v2, sum42);
            sum43 = u4.fma(v3, sum43);
            FloatVector u5 = FloatVector.fromArray(FLOATS, w, at + 5 * LANES);
            sum50 = u5.fma(v0, sum50);
            sum51 = u5.fma(v1, sum51);
            sum52 = u5.fma(v2, sum52);
            sum53 = u5.fma(v3, sum53);
        }
        sum00.intoArray(sums, 0);
        sum10.intoArray(sums, LANES);
        sum20.intoArray(sums, 2 * LANES);
        sum30.intoArray(sums, 3 * LANES);
        sum40.intoArray(sums, 4 * LANES);
        sum50.intoArray(sums, 5 * LANES);
        sum01.intoArray(sums, 6 * LANES);
        sum11.intoArray(sums, 7 * LANES);
        sum21.intoArray(sums, 8 * LANES);
        sum31.intoArray(sums, 9 * LANES);
        sum41.intoArray(sums, 10 * LANES);
        sum51.intoArray(sums, 11 * LANES);
        sum02.intoArray(sums, 12 * LANES);
        sum12.intoArray(sums, 13 * LANES);
        sum22.intoArray(sums, 14 * LANES);
        sum32.intoArray(sums, 15 * LANES);
        sum42.intoArray(sums, 16 * LANES);
        sum52.intoArray(sums, 17 * LANES);
        sum03.intoArray(sums, 18 * LANES);
        sum13.intoArray(sums, 19 * LANES);
        sum23.intoArray(sums, 20 * LANES);
        sum33.intoArray(sums, 21 * LANES);
        sum43.intoArray(sums, 22 * LANES);
        sum53.intoArray(sums, 23 * LANES);
    }

    private static void times2(float[] w, int w0, int end, float[] x, int x0, int x1, float[] sums) {
        FloatVector sum00 = FloatVector.zero(FLOATS);
        FloatVector sum10 = FloatVector.zero(FLOATS);
        FloatVector sum20 = FloatVector.zero(FLOATS);
        FloatVector sum30 = FloatVector.zero(FLOATS);
        FloatVector sum40 = FloatVector.zero(FLOATS);
        FloatVector sum50 = FloatVector.zero(FLOATS);
        FloatVector sum01 = FloatVector.zero(FLOATS);
        FloatVector sum11 = FloatVector.zero(FLOATS);
        FloatVector sum21 = FloatVector.zero(FLOATS);
        FloatVector sum31 = FloatVector.zero(FLOATS);
        FloatVector sum41 = FloatVector.zero(FLOATS);
        FloatVector sum51 = FloatVector.zero(FLOATS);
        for (int c = 0, at = w0; at < end; c += LANES, at += ROWS * LANES) {
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, x0 + c);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, x1 + c);
            FloatVector u0 = FloatVector.fromArray(FLOATS, w, at);
            sum00 = u0.fma(v0, sum00);
            sum01 = u0.fma(v1, sum01);
            FloatVector u1 = FloatVector.fromArray(FLOATS, w, at + LANES);
            sum10 = u1.fma(v0, sum10);
            sum11 = u1.fma(v1, sum11);
            FloatVector u2 = FloatVector.fromArray(FLOATS, w, at + 2 * LANES);
            sum20 = u2.fma(v0, sum20);
            sum21 = u2.fma(v1, sum21);
            FloatVector u3 = FloatVector.fromArray(FLOATS, w, at + 3 * LANES);
            sum30 = u3.fma(v0, sum30);
            sum31 = u3.fma(v1, sum31);
            FloatVector u4 = FloatVector.fromArray(FLOATS, w, at + 4 * LANES);
            sum40 = u4.fma(v0, sum40);
            sum41 = u4.fma(v1, sum41);
            FloatVector u5 = FloatVector.fromArray(FLOATS, w, at + 5 * LANES);
            sum50 = u5.fma(v0, sum50);
            sum51 = u5.fma(v1, sum51);
        }
        sum00.intoArray(sums, 0);
        sum10.intoArray(sums, LANES);
        sum20.intoArray(sums, 2 * LANES);
        sum30.intoArray(sums, 3 * LANES);
        sum40.intoArray(sums, 4 * LANES);
        sum50.intoArray(sums, 5 * LANES);
        sum01.intoArray(sums, 6 * LANES);
        sum11.intoArray(sums, 7 * LANES);
        sum21.intoArray(sums, 8 * LANES);
        sum31.intoArray(sums, 9 * LANES);
        sum41.intoArray(sums, 10 * LANES);
        sum51.intoArray(sums, 11 * LANES);
    }
}
