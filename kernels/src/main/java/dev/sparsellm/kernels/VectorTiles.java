package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * The inner loops of {@link VectorGemm}: unpacked weights of a few rows times one group of {@link BatchedInput}, which begins at byte
 * {@code xAt}, over the columns of one cut, written to the working memory from {@link #PRODUCTS} on. They are written out: see
 * {@link VectorFormat} on calls. That of narrower vectors is {@link SixByTwo}.
 */
final class VectorTiles {

    /** Rows of weights multiplied together; with two vectors of x, as many sums as registers hold. */
    static final int ROWS = LANES == 16 ? 12 : 6;

    /** Columns multiplied at a time; of 128 rows of x they take 512 KB, of the weights 48. A multiple of all blocks. */
    static final int COLUMNS = 1024;

    /** From one unpacked row to the next: of a power of two they would share few places in the first-level cache. */
    static final int STRIDE = COLUMNS + 16;

    /** In the working memory, after the weights: what one tile of rows by rows of x comes to, over one cut. */
    static final int PRODUCTS = ROWS * STRIDE;

    /** As {@link BatchedInput} writes. */
    private static final ByteOrder NATIVE_ORDER = ByteOrder.nativeOrder();

    private VectorTiles() {}

    /** @param width places of the group: {@code LANES}, which only 16 lanes have a loop for, or twice as many */
    static void multiply(float[] work, int columns, MemorySegment x, long xAt, int width) {
        if (LANES != 16) {
            SixByTwo.multiply(work, columns, x, xAt, width / LANES);
        } else if (width == LANES) {
            twelveByOne(work, columns, x, xAt);
        } else {
            twelveByTwo(work, columns, x, xAt);
        }
    }

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
}
