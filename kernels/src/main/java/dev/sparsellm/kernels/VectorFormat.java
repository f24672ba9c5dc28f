package dev.sparsellm.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Vector code for one way of storing weights. Every implementation makes the exact F32 value of each weight, the same
 * bits as {@link ScalarBlocks}, and adds {@code w · x} to one vector of sums per row in the order of the columns, by
 * fused multiply-add; the columns that fill no vector follow one by one. So {@link VectorGemm} on unpacked rows gets the
 * bits of {@link #dot4}.
 */
interface VectorFormat {

    /**
     * Products of four rows, beginning at bytes r0 to r3, with {@code x[xOffset …]}, written to {@code y[y0]} to
     * {@code y[y3]}. Four, because one row after another does not keep memory busy: 4 streams read half as fast again
     * as one. Rows may coincide, which is how fewer than four are done.
     */
    void dot4(
            MemorySegment w,
            long r0,
            long r1,
            long r2,
            long r3,
            int columns,
            float[] x,
            int xOffset,
            float[] y,
            int y0,
            int y1,
            int y2,
            int y3);

    /** Writes the weights of the row that begins at byte {@code row} to {@code out[o …]}. */
    void unpack(MemorySegment w, long row, int columns, float[] out, int o);
}
