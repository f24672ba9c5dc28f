package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix times matrix: {@code y[b][r] = Σ_c W[r][c] · x[b][c]}, for each r and b by fused multiply-adds in the order of the
 * columns, 1024 of them at a time, the totals of which are then added in order: the same bits at every width. A weight is
 * read and unpacked once for the whole batch, and one vector holds as many rows of x as it has lanes: the inner loop
 * multiplies a column of two such vectors, which {@link BatchedInput} lays side by side, with
 * weights of 12 rows, each spread over all lanes by its load. That makes 24 multiply-adds for 14 loads, of which 12 are of
 * 4 bytes. (Lanes that hold columns, 6 rows by 4 rows of x, take 10 loads of 64 bytes for as many: more than the
 * second-level cache delivers.) Columns are cut, so that the x of one cut stay in that cache for all rows of weights, and
 * so do the weights of 12 rows; sums wait in memory from cut to cut.
 */
final class VectorGemm {

    /** Rows of weights multiplied together. With narrower vectors, x86 CPUs have 16 registers: enough for 12 sums. */
    private static final int ROWS = LANES == 16 ? 12 : 6;

    /** Columns multiplied at a time; of 128 rows of x they take 512 KB, of the weights 48. A multiple of all blocks. */
    private static final int COLUMNS = 1024;

    /** From one unpacked row to the next: of a power of two they would share few places in the first-level cache. */
    private static final int STRIDE = COLUMNS + 16;

    /** In the working memory, after the weights: what one tile of rows by rows of x comes to, over one cut. */
    private static final int PRODUCTS = ROWS * STRIDE;

    /** After that: sums over the cuts so far. */
    private static final int SUMS = PRODUCTS + 2 * ROWS * LANES;

    /** Rows whose sums are kept at a time: those of 128 rows of x take 96 KB. */
    private static final int ROWS_OF_SUMS = 16 * ROWS;

    /** As {@link BatchedInput} writes. */
    private static final ByteOrder NATIVE_ORDER = ByteOrder.nativeOrder();

    private VectorGemm() {}

    /** Groups of two vectors; of 16 lanes, a last group may have one: half of the work where there are few rows of x. */
    static BatchedInput input() {
        return new BatchedInput(2 * LANES, LANES == 16 ? LANES : 2 * LANES, LANES);
    }

    static void multiply(
            VectorFormat format,
            MemorySegment data,
            long rowBytes,
            BatchedInput x,
            float[] y,
            int yStride,
            int from,
            int to,
            Scratch scratch) {
        int apart = x.places() + LANES; // no power of two here, either: sums are read down the rows at last
        int most = Math.min(ROWS_OF_SUMS, Math.ceilDiv(to - from, ROWS) * ROWS);
        float[] work = scratch.floats(SUMS + most * apart); // [ROWS][STRIDE], [ROWS][2 · LANES], [rows][apart]
        for (int first = from; first < to; first += ROWS_OF_SUMS) {
            int end = Math.min(first + ROWS_OF_SUMS, to);
            for (int c = 0; c < x.columns(); c += COLUMNS) {
                int columns = Math.min(COLUMNS, x.columns() - c);
                long cut = format.type().rowBytes(c);
                for (int r = first; r < end; r += ROWS) {
                    for (int i = 0; i < ROWS && r + i < end; i++) { // beyond the end, what was there is multiplied in vain
                        format.unpack(data, (r + i) * rowBytes + cut, columns, work, i * STRIDE);
                    }
                    multiply(work, columns, x, c, SUMS + (r - first) * apart, apart);
                }
            }
            write(work, apart, x.batch(), y, yStride, first, end);
        }
    }

    /** Products of the unpacked rows with all rows of x, columns c to c + {@code columns}, to sums from s on. */
    private static void multiply(float[] work, int columns, BatchedInput x, int c, int s, int apart) {
        for (int b = 0; b < x.batch(); b += x.width()) {
            int width = x.placesOfGroup(b);
            long xAt = 4L * (b * x.columns() + c * width);
            if (LANES != 16) {
                sixByTwo(work, columns, x.data(), xAt);
            } else if (width == LANES) {
                twelveByOne(work, columns, x.data(), xAt);
            } else {
                twelveByTwo(work, columns, x.data(), xAt);
            }
            add(work, c == 0, s + b, apart, width);
        }
    }

    /** Adds products to sums, or begins these. Kernels leave it to us: loads of all sums are too much for them, see there. */
    private static void add(float[] work, boolean first, int s, int apart, int width) {
        for (int r = 0; r < ROWS; r++) {
            for (int b = 0; b < width; b += LANES) {
                FloatVector products = FloatVector.fromArray(FLOATS, work, PRODUCTS + r * width + b);
                int at = s + r * apart + b;
                if (first) {
                    products.intoArray(work, at);
                } else {
                    FloatVector.fromArray(FLOATS, work, at).add(products).intoArray(work, at);
                }
            }
        }
    }

    private static void write(float[] work, int apart, int batch, float[] y, int yStride, int from, int to) {
        for (int b = 0; b < batch; b++) {
            for (int r = from; r < to; r++) {
                y[b * yStride + r] = work[SUMS + (r - from) * apart + b];
            }
        }
    }

    /** Written out, as those below: see {@link VectorFormat} on calls. */
    private static void twelveByTwo(float[] work, int columns, MemorySegment x, long xAt) {
        x = NativeSegments.of(x);
        FloatVector sum0a = FloatVector.zero(FLOATS);
        FloatVector sum0b = FloatVector.zero(FLOATS);
        FloatVector sum1a = FloatVector.zero(FLOATS);
        FloatVector sum1b = FloatVector.zero(FLOATS);
        FloatVector sum2a = FloatVector.zero(FLOATS);
        FloatVector sum2b = FloatVector.zero(FLOATS);
        FloatVector sum3a = FloatVector.zero(FLOATS);
        FloatVector sum3b = FloatVector.zero(FLOATS);
        FloatVector sum4a = FloatVector.zero(FLOATS);
        FloatVector sum4b = FloatVector.zero(FLOATS);
        FloatVector sum5a = FloatVector.zero(FLOATS);
        FloatVector sum5b = FloatVector.zero(FLOATS);
        FloatVector sum6a = FloatVector.zero(FLOATS);
        FloatVector sum6b = FloatVector.zero(FLOATS);
        FloatVector sum7a = FloatVector.zero(FLOATS);
        FloatVector sum7b = FloatVector.zero(FLOATS);
        FloatVector sum8a = FloatVector.zero(FLOATS);
        FloatVector sum8b = FloatVector.zero(FLOATS);
        FloatVector sum9a = FloatVector.zero(FLOATS);
        FloatVector sum9b = FloatVector.zero(FLOATS);
        FloatVector sum10a = FloatVector.zero(FLOATS);
        FloatVector sum10b = FloatVector.zero(FLOATS);
        FloatVector sum11a = FloatVector.zero(FLOATS);
        FloatVector sum11b = FloatVector.zero(FLOATS);
        for (int c = 0; c < columns; c++) {
            FloatVector xa = FloatVector.fromMemorySegment(FLOATS, x, xAt + 8L * LANES * c, NATIVE_ORDER);
            FloatVector xb = FloatVector.fromMemorySegment(FLOATS, x, xAt + 4 * LANES + 8L * LANES * c, NATIVE_ORDER);
            FloatVector w0 = FloatVector.broadcast(FLOATS, work[c]);
            sum0a = w0.fma(xa, sum0a);
            sum0b = w0.fma(xb, sum0b);
            FloatVector w1 = FloatVector.broadcast(FLOATS, work[c + STRIDE]);
            sum1a = w1.fma(xa, sum1a);
            sum1b = w1.fma(xb, sum1b);
            FloatVector w2 = FloatVector.broadcast(FLOATS, work[c + 2 * STRIDE]);
            sum2a = w2.fma(xa, sum2a);
            sum2b = w2.fma(xb, sum2b);
            FloatVector w3 = FloatVector.broadcast(FLOATS, work[c + 3 * STRIDE]);
            sum3a = w3.fma(xa, sum3a);
            sum3b = w3.fma(xb, sum3b);
            FloatVector w4 = FloatVector.broadcast(FLOATS, work[c + 4 * STRIDE]);
            sum4a = w4.fma(xa, sum4a);
            sum4b = w4.fma(xb, sum4b);
            FloatVector w5 = FloatVector.broadcast(FLOATS, work[c + 5 * STRIDE]);
            sum5a = w5.fma(xa, sum5a);
            sum5b = w5.fma(xb, sum5b);
            FloatVector w6 = FloatVector.broadcast(FLOATS, work[c + 6 * STRIDE]);
            sum6a = w6.fma(xa, sum6a);
            sum6b = w6.fma(xb, sum6b);
            FloatVector w7 = FloatVector.broadcast(FLOATS, work[c + 7 * STRIDE]);
            sum7a = w7.fma(xa, sum7a);
            sum7b = w7.fma(xb, sum7b);
            FloatVector w8 = FloatVector.broadcast(FLOATS, work[c + 8 * STRIDE]);
            sum8a = w8.fma(xa, sum8a);
            sum8b = w8.fma(xb, sum8b);
            FloatVector w9 = FloatVector.broadcast(FLOATS, work[c + 9 * STRIDE]);
            sum9a = w9.fma(xa, sum9a);
            sum9b = w9.fma(xb, sum9b);
            FloatVector w10 = FloatVector.broadcast(FLOATS, work[c + 10 * STRIDE]);
            sum10a = w10.fma(xa, sum10a);
            sum10b = w10.fma(xb, sum10b);
            FloatVector w11 = FloatVector.broadcast(FLOATS, work[c + 11 * STRIDE]);
            sum11a = w11.fma(xa, sum11a);
            sum11b = w11.fma(xb, sum11b);
        }
        sum0a.intoArray(work, PRODUCTS);
        sum0b.intoArray(work, PRODUCTS + LANES);
        sum1a.intoArray(work, PRODUCTS + 2 * LANES);
        sum1b.intoArray(work, PRODUCTS + 3 * LANES);
        sum2a.intoArray(work, PRODUCTS + 4 * LANES);
        sum2b.intoArray(work, PRODUCTS + 5 * LANES);
        sum3a.intoArray(work, PRODUCTS + 6 * LANES);
        sum3b.intoArray(work, PRODUCTS + 7 * LANES);
        sum4a.intoArray(work, PRODUCTS + 8 * LANES);
        sum4b.intoArray(work, PRODUCTS + 9 * LANES);
        sum5a.intoArray(work, PRODUCTS + 10 * LANES);
        sum5b.intoArray(work, PRODUCTS + 11 * LANES);
        sum6a.intoArray(work, PRODUCTS + 12 * LANES);
        sum6b.intoArray(work, PRODUCTS + 13 * LANES);
        sum7a.intoArray(work, PRODUCTS + 14 * LANES);
        sum7b.intoArray(work, PRODUCTS + 15 * LANES);
        sum8a.intoArray(work, PRODUCTS + 16 * LANES);
        sum8b.intoArray(work, PRODUCTS + 17 * LANES);
        sum9a.intoArray(work, PRODUCTS + 18 * LANES);
        sum9b.intoArray(work, PRODUCTS + 19 * LANES);
        sum10a.intoArray(work, PRODUCTS + 20 * LANES);
        sum10b.intoArray(work, PRODUCTS + 21 * LANES);
        sum11a.intoArray(work, PRODUCTS + 22 * LANES);
        sum11b.intoArray(work, PRODUCTS + 23 * LANES);
    }

    private static void twelveByOne(float[] work, int columns, MemorySegment x, long xAt) {
        x = NativeSegments.of(x);
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector sum4 = FloatVector.zero(FLOATS);
        FloatVector sum5 = FloatVector.zero(FLOATS);
        FloatVector sum6 = FloatVector.zero(FLOATS);
        FloatVector sum7 = FloatVector.zero(FLOATS);
        FloatVector sum8 = FloatVector.zero(FLOATS);
        FloatVector sum9 = FloatVector.zero(FLOATS);
        FloatVector sum10 = FloatVector.zero(FLOATS);
        FloatVector sum11 = FloatVector.zero(FLOATS);
        for (int c = 0; c < columns; c++) {
            FloatVector xa = FloatVector.fromMemorySegment(FLOATS, x, xAt + 4L * LANES * c, NATIVE_ORDER);
            FloatVector w0 = FloatVector.broadcast(FLOATS, work[c]);
            sum0 = w0.fma(xa, sum0);
            FloatVector w1 = FloatVector.broadcast(FLOATS, work[c + STRIDE]);
            sum1 = w1.fma(xa, sum1);
            FloatVector w2 = FloatVector.broadcast(FLOATS, work[c + 2 * STRIDE]);
            sum2 = w2.fma(xa, sum2);
            FloatVector w3 = FloatVector.broadcast(FLOATS, work[c + 3 * STRIDE]);
            sum3 = w3.fma(xa, sum3);
            FloatVector w4 = FloatVector.broadcast(FLOATS, work[c + 4 * STRIDE]);
            sum4 = w4.fma(xa, sum4);
            FloatVector w5 = FloatVector.broadcast(FLOATS, work[c + 5 * STRIDE]);
            sum5 = w5.fma(xa, sum5);
            FloatVector w6 = FloatVector.broadcast(FLOATS, work[c + 6 * STRIDE]);
            sum6 = w6.fma(xa, sum6);
            FloatVector w7 = FloatVector.broadcast(FLOATS, work[c + 7 * STRIDE]);
            sum7 = w7.fma(xa, sum7);
            FloatVector w8 = FloatVector.broadcast(FLOATS, work[c + 8 * STRIDE]);
            sum8 = w8.fma(xa, sum8);
            FloatVector w9 = FloatVector.broadcast(FLOATS, work[c + 9 * STRIDE]);
            sum9 = w9.fma(xa, sum9);
            FloatVector w10 = FloatVector.broadcast(FLOATS, work[c + 10 * STRIDE]);
            sum10 = w10.fma(xa, sum10);
            FloatVector w11 = FloatVector.broadcast(FLOATS, work[c + 11 * STRIDE]);
            sum11 = w11.fma(xa, sum11);
        }
        sum0.intoArray(work, PRODUCTS);
        sum1.intoArray(work, PRODUCTS + LANES);
        sum2.intoArray(work, PRODUCTS + 2 * LANES);
        sum3.intoArray(work, PRODUCTS + 3 * LANES);
        sum4.intoArray(work, PRODUCTS + 4 * LANES);
        sum5.intoArray(work, PRODUCTS + 5 * LANES);
        sum6.intoArray(work, PRODUCTS + 6 * LANES);
        sum7.intoArray(work, PRODUCTS + 7 * LANES);
        sum8.intoArray(work, PRODUCTS + 8 * LANES);
        sum9.intoArray(work, PRODUCTS + 9 * LANES);
        sum10.intoArray(work, PRODUCTS + 10 * LANES);
        sum11.intoArray(work, PRODUCTS + 11 * LANES);
    }

    private static void sixByTwo(float[] work, int columns, MemorySegment x, long xAt) {
        x = NativeSegments.of(x);
        FloatVector sum0a = FloatVector.zero(FLOATS);
        FloatVector sum0b = FloatVector.zero(FLOATS);
        FloatVector sum1a = FloatVector.zero(FLOATS);
        FloatVector sum1b = FloatVector.zero(FLOATS);
        FloatVector sum2a = FloatVector.zero(FLOATS);
        FloatVector sum2b = FloatVector.zero(FLOATS);
        FloatVector sum3a = FloatVector.zero(FLOATS);
        FloatVector sum3b = FloatVector.zero(FLOATS);
        FloatVector sum4a = FloatVector.zero(FLOATS);
        FloatVector sum4b = FloatVector.zero(FLOATS);
        FloatVector sum5a = FloatVector.zero(FLOATS);
        FloatVector sum5b = FloatVector.zero(FLOATS);
        for (int c = 0; c < columns; c++) {
            FloatVector xa = FloatVector.fromMemorySegment(FLOATS, x, xAt + 8L * LANES * c, NATIVE_ORDER);
            FloatVector xb = FloatVector.fromMemorySegment(FLOATS, x, xAt + 4 * LANES + 8L * LANES * c, NATIVE_ORDER);
            FloatVector w0 = FloatVector.broadcast(FLOATS, work[c]);
            sum0a = w0.fma(xa, sum0a);
            sum0b = w0.fma(xb, sum0b);
            FloatVector w1 = FloatVector.broadcast(FLOATS, work[c + STRIDE]);
            sum1a = w1.fma(xa, sum1a);
            sum1b = w1.fma(xb, sum1b);
            FloatVector w2 = FloatVector.broadcast(FLOATS, work[c + 2 * STRIDE]);
            sum2a = w2.fma(xa, sum2a);
            sum2b = w2.fma(xb, sum2b);
            FloatVector w3 = FloatVector.broadcast(FLOATS, work[c + 3 * STRIDE]);
            sum3a = w3.fma(xa, sum3a);
            sum3b = w3.fma(xb, sum3b);
            FloatVector w4 = FloatVector.broadcast(FLOATS, work[c + 4 * STRIDE]);
            sum4a = w4.fma(xa, sum4a);
            sum4b = w4.fma(xb, sum4b);
            FloatVector w5 = FloatVector.broadcast(FLOATS, work[c + 5 * STRIDE]);
            sum5a = w5.fma(xa, sum5a);
            sum5b = w5.fma(xb, sum5b);
        }
        sum0a.intoArray(work, PRODUCTS);
        sum0b.intoArray(work, PRODUCTS + LANES);
        sum1a.intoArray(work, PRODUCTS + 2 * LANES);
        sum1b.intoArray(work, PRODUCTS + 3 * LANES);
        sum2a.intoArray(work, PRODUCTS + 4 * LANES);
        sum2b.intoArray(work, PRODUCTS + 5 * LANES);
        sum3a.intoArray(work, PRODUCTS + 6 * LANES);
        sum3b.intoArray(work, PRODUCTS + 7 * LANES);
        sum4a.intoArray(work, PRODUCTS + 8 * LANES);
        sum4b.intoArray(work, PRODUCTS + 9 * LANES);
        sum5a.intoArray(work, PRODUCTS + 10 * LANES);
        sum5b.intoArray(work, PRODUCTS + 11 * LANES);
    }
}
