package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Rows of F16, in two ways. The Vector API has no F16 to convert from.
 *
 * <p>Converted: the CPU's own conversion is what C2 makes of a plain loop, which
 * cannot keep the sums of a product in vectors in the order of {@link LaneSums}. So four rows are converted, a piece at a
 * time, and multiplied from the first-level cache.
 *
 * <p>By bits: put where an F32 has them, they are a number 2<sup>112</sup> times too small, since exponents of F16 are counted from
 * 15, those of F32 from 127; x is made as many times too large. Products are the same, and so are the sums. But F16's denormals are
 * F32's then, over which Intel's CPUs take 150 cycles, and a vector in 25 of a usual model has one; AMD's Zen 3 and 5 take no longer
 * than over others. One loop, and nothing but loads waits for memory: 1.21 to 1.45 times as fast as converted, Zen 5, two threads.
 * (With exponents raised in the weights, eight operations for a vector: 16 GB/s from cache in place of 28 converted, Intel.)
 */
final class VectorF16 implements VectorFormat {

    /**
     * Columns multiplied at a time: 4 KB of floats for four rows. Nothing is read from memory while a piece is multiplied;
     * with 512 columns, rows came 1.07 times more slowly.
     */
    private static final int PIECE = 256;

    /**
     * Columns converted beyond a piece, where there are any. C2 does two columns of the loop singly before it goes on with vectors of
     * 32, and what is left at the end singly again, in all a third of the instructions: 258 columns leave nothing. That holds where the
     * JVM does not align what it stores ({@code -XX:SuperWordAutomaticAlignment=0}, as the launcher asks for): rows from memory then
     * came 1.12 times as fast, Intel. Otherwise it does up to 17 singly at first, and this changes nothing.
     */
    private static final int BEYOND = 2;

    /** From one row's piece to the next one's: not a power of two, lest they compete for the same places in the cache. */
    private static final int APART = PIECE + 16;

    /** What exponents of F32 are counted from, less that of F16, as a power of two. */
    static final float BIAS = 0x1p112f;

    /** Where an F32 has its sign, and what is left of an F16 that is shifted there; in between are copies of the sign. */
    static final int SIGN_AND_MAGNITUDE_BITS = 0x8fffe000;

    private static final IntVector SIGN_AND_MAGNITUDE = IntVector.broadcast(INTS, SIGN_AND_MAGNITUDE_BITS);

    @Override
    public TensorType type() {
        return TensorType.F16;
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.whole(false), Way.whole(true));
    }

    @Override
    public boolean takesEight() {
        return true;
    }

    @Override
    public boolean hidesInfinities() {
        return true;
    }

    @Override
    public int preparedFloats(int columns) {
        return columns;
    }

    /** Exact, but for x that overflow, by which sums are no longer finite and done anew. */
    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        for (int i = 0; i < columns; i++) {
            prepared[i] = x[xOffset + i] * BIAS;
        }
    }

    /** By bits, see above; written out, see {@link VectorFormat} on calls. */
    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long r0 = starts[MARGIN];
        long r1 = starts[MARGIN + 1];
        long r2 = starts[MARGIN + 2];
        long r3 = starts[MARGIN + 3];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long at = i * step;
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + LANES * i);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
        }
        sum0.intoArray(work, MARGIN);
        sum1.intoArray(work, MARGIN + LANES);
        sum2.intoArray(work, MARGIN + 2 * LANES);
        sum3.intoArray(work, MARGIN + 3 * LANES);
    }

    @Override
    public void eightBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long r0 = starts[MARGIN];
        long r1 = starts[MARGIN + 1];
        long r2 = starts[MARGIN + 2];
        long r3 = starts[MARGIN + 3];
        long r4 = starts[MARGIN + 4];
        long r5 = starts[MARGIN + 5];
        long r6 = starts[MARGIN + 6];
        long r7 = starts[MARGIN + 7];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector sum4 = FloatVector.zero(FLOATS);
        FloatVector sum5 = FloatVector.zero(FLOATS);
        FloatVector sum6 = FloatVector.zero(FLOATS);
        FloatVector sum7 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long at = i * step;
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + LANES * i);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
            sum4 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r4 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum4);
            sum5 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r5 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum5);
            sum6 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r6 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum6);
            sum7 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r7 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(SIGN_AND_MAGNITUDE)
                    .reinterpretAsFloats()
                    .fma(v, sum7);
        }
        sum0.intoArray(work, MARGIN);
        sum1.intoArray(work, MARGIN + LANES);
        sum2.intoArray(work, MARGIN + 2 * LANES);
        sum3.intoArray(work, MARGIN + 3 * LANES);
        sum4.intoArray(work, MARGIN + 4 * LANES);
        sum5.intoArray(work, MARGIN + 5 * LANES);
        sum6.intoArray(work, MARGIN + 6 * LANES);
        sum7.intoArray(work, MARGIN + 7 * LANES);
    }

    @Override
    public float weight(MemorySegment w, long row, int column) {
        return half(w, row + 2L * column);
    }

    @Override
    public int workOfFour() {
        return MARGIN + 4 * LANES + 4 * APART;
    }

    @Override
    public void dot4(
            MemorySegment w, long r0, long r1, long r2, long r3, int columns, float[] x, int xOffset, float[] work) {
        int pieces = MARGIN + 4 * LANES; // after the sums
        Arrays.fill(work, MARGIN, pieces, 0);
        for (int c = 0; c < columns; c += PIECE) {
            int n = Math.min(PIECE, columns - c);
            long at = 2L * c;
            convert(w, r0 + at, r1 + at, r2 + at, r3 + at, Math.min(PIECE + BEYOND, columns - c), work, pieces);
            VectorFormat.addProducts(work, pieces, APART, n, x, xOffset + c, work);
        }
    }

    private static void convert(MemorySegment w, long r0, long r1, long r2, long r3, int n, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int i = 0; i < n; i++) {
            out[o + i] = half(w, r0 + 2L * i);
            out[o + i + APART] = half(w, r1 + 2L * i);
            out[o + i + 2 * APART] = half(w, r2 + 2L * i);
            out[o + i + 3 * APART] = half(w, r3 + 2L * i);
        }
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        ScalarBlocks.f16(w, row, columns, out, o);
    }
}
