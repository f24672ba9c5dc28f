package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Rows of F16. The Vector API has no F16 to convert from; the CPU's own conversion is what C2 makes of a plain loop, which
 * cannot keep the sums of a product in vectors in the order of {@link LaneSums}. So four rows are converted, a piece at a
 * time, and multiplied from the first-level cache. (The bits put where an F32 has them, and its exponent raised, take eight
 * operations for a vector, on 16 GB/s from cache in place of 28. Three fewer, with the power of two made up for in x and
 * sums, make F32's denormals of denormals, and Intel's CPUs take 150 cycles over a product with one: a vector in 25 of a
 * usual model has some.)
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

    @Override
    public TensorType type() {
        return TensorType.F16;
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
