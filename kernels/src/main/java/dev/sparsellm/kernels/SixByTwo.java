package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorTiles.PRODUCTS;
import static dev.sparsellm.kernels.VectorTiles.ROWS;
import static dev.sparsellm.kernels.VectorTiles.STRIDE;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * The inner loop of {@link VectorTiles} for narrow vectors: six rows of weights times two vectors of x. Twelve sums, these two and a
 * weight are 15 of the 16 registers of x86 CPUs without AVX-512.
 *
 * <p>Where C2 knows the step of the loop, it checks indices before it, is free to load first all that a column needs, and keeps two of
 * the sums in memory, where each multiply-add waits for what the one before it has stored: 31 GFLOP/s, one thread of AMD Zen 3 with 105.
 * Told the step at run time only, it checks indices in the loop, which keep the loads behind them where they are written, and all sums
 * stay in registers. It does not unroll such a loop, so two columns are written out: 67 instructions for two columns in place of 80, 40 of them
 * multiply-adds and their loads, 1.06 times as fast where the other half of the core is busy, else as fast. (Four come to 1.09 and 1.02, but are 37,200
 * nodes of C2's in place of 20,800: see KernelSizeTest.)
 */
final class SixByTwo {

    /** Columns multiplied in one step of the loop. */
    private static final int STEP = 2;

    /** As {@link BatchedInput} writes. */
    private static final ByteOrder NATIVE_ORDER = ByteOrder.nativeOrder();

    private SixByTwo() {}

    /** As {@link VectorTiles#multiply}, with {@code vectors} of x, which are always 2: C2 must not know, see above. */
    static void multiply(float[] work, int columns, MemorySegment x, long xAt, int vectors) {
        int inSteps = columns / STEP * STEP;
        bySteps(work, inSteps, x, xAt, STEP * vectors / 2);
        for (int c = inSteps; c < columns; c++) {
            addColumn(work, c, x, xAt + 8L * LANES * c);
        }
    }

    /** What is left of a matrix whose columns are no multiple of the step, in the same order of operations. */
    private static void addColumn(float[] work, int c, MemorySegment x, long xAt) {
        for (int at = PRODUCTS, r = 0; r < ROWS; r++) {
            FloatVector w = FloatVector.broadcast(FLOATS, work[c + r * STRIDE]);
            for (int b = 0; b < 2; b++, at += LANES) {
                FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, xAt + 4L * LANES * b, NATIVE_ORDER);
                w.fma(v, FloatVector.fromArray(FLOATS, work, at)).intoArray(work, at);
            }
        }
    }

    /** @param step {@link #STEP} */
    private static void bySteps(float[] work, int columns, MemorySegment x, long xAt, int step) {
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
        for (int c = 0; c < columns; c += step) {
            FloatVector x0a = FloatVector.fromMemorySegment(FLOATS, x, xAt + 8L * LANES * c, NATIVE_ORDER);
            FloatVector x0b = FloatVector.fromMemorySegment(FLOATS, x, xAt + 8L * LANES * c + 4 * LANES, NATIVE_ORDER);
            FloatVector w00 = FloatVector.broadcast(FLOATS, work[c]);
            sum0a = w00.fma(x0a, sum0a);
            sum0b = w00.fma(x0b, sum0b);
            FloatVector w01 = FloatVector.broadcast(FLOATS, work[c + STRIDE]);
            sum1a = w01.fma(x0a, sum1a);
            sum1b = w01.fma(x0b, sum1b);
            FloatVector w02 = FloatVector.broadcast(FLOATS, work[c + 2 * STRIDE]);
            sum2a = w02.fma(x0a, sum2a);
            sum2b = w02.fma(x0b, sum2b);
            FloatVector w03 = FloatVector.broadcast(FLOATS, work[c + 3 * STRIDE]);
            sum3a = w03.fma(x0a, sum3a);
            sum3b = w03.fma(x0b, sum3b);
            FloatVector w04 = FloatVector.broadcast(FLOATS, work[c + 4 * STRIDE]);
            sum4a = w04.fma(x0a, sum4a);
            sum4b = w04.fma(x0b, sum4b);
            FloatVector w05 = FloatVector.broadcast(FLOATS, work[c + 5 * STRIDE]);
            sum5a = w05.fma(x0a, sum5a);
            sum5b = w05.fma(x0b, sum5b);
            FloatVector x1a = FloatVector.fromMemorySegment(FLOATS, x, xAt + 8L * LANES * c + 8 * LANES, NATIVE_ORDER);
            FloatVector x1b = FloatVector.fromMemorySegment(FLOATS, x, xAt + 8L * LANES * c + 12 * LANES, NATIVE_ORDER);
            FloatVector w10 = FloatVector.broadcast(FLOATS, work[c + 1]);
            sum0a = w10.fma(x1a, sum0a);
            sum0b = w10.fma(x1b, sum0b);
            FloatVector w11 = FloatVector.broadcast(FLOATS, work[c + 1 + STRIDE]);
            sum1a = w11.fma(x1a, sum1a);
            sum1b = w11.fma(x1b, sum1b);
            FloatVector w12 = FloatVector.broadcast(FLOATS, work[c + 1 + 2 * STRIDE]);
            sum2a = w12.fma(x1a, sum2a);
            sum2b = w12.fma(x1b, sum2b);
            FloatVector w13 = FloatVector.broadcast(FLOATS, work[c + 1 + 3 * STRIDE]);
            sum3a = w13.fma(x1a, sum3a);
            sum3b = w13.fma(x1b, sum3b);
            FloatVector w14 = FloatVector.broadcast(FLOATS, work[c + 1 + 4 * STRIDE]);
            sum4a = w14.fma(x1a, sum4a);
            sum4b = w14.fma(x1b, sum4b);
            FloatVector w15 = FloatVector.broadcast(FLOATS, work[c + 1 + 5 * STRIDE]);
            sum5a = w15.fma(x1a, sum5a);
            sum5b = w15.fma(x1b, sum5b);
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
