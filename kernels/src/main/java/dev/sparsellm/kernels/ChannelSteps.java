package dev.sparsellm.kernels;

import java.lang.foreign.MemorySegment;

/**
 * The loops over weights that {@link PackedChannelProduct} is made of. All implementations compute each output by the
 * same operations in the same order, fused multiply-adds over the channels in the order given, and so get the same bits.
 *
 * <p>Sweeps take the channels listed in {@code channels[from … to)}, a few at a time, {@code base + c · stride} being
 * the byte where channel c begins, and do for all of {@code n} outputs, a multiple of the tile,
 * {@code y[yOffset + o] += Σ_c a[aOffset + c] · w[c][o]}.
 */
interface ChannelSteps {

    /** Outputs whose sums are kept at a time: ten codes in each of 16 ints. */
    int MOST_SUMS = 160;

    /** Weights are F32. */
    void f32(
            MemorySegment w, long base, long stride, int[] channels, int from, int to,
            float[] a, int aOffset, float[] y, int yOffset, int n);

    /** Weights are pairs of BF16. */
    void bf16(
            MemorySegment w, long base, long stride, int[] channels, int from, int to,
            float[] a, int aOffset, float[] y, int yOffset, int n);

    /** What {@link #codes} wants factors multiplied with before: a power of two, which it takes back. */
    float up(int bits);

    /**
     * Weights are codes of {@code bits} bits, of channels i in [0, count) that share scales:
     * {@code y[yOffset + o] += s[sOffset + o] · (Σ_i factors[i] · q[i][o] + shift)}.
     *
     * @param lines where the codes of each channel begin
     * @param factors times {@link #up}
     * @param sums working memory, {@link #MOST_SUMS} long
     * @param s scales
     */
    void codes(
            int bits, MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n);

    /** {@code y[yOffset + o] += m[mOffset + o] · sum}. */
    void addMinima(float[] m, int mOffset, float sum, float[] y, int yOffset, int n);

    /** {@code s[sOffset + o] *= d[dOffset + o]}. */
    void multiply(float[] d, int dOffset, float[] s, int sOffset, int n);

    /** Takes bytes, signed, apart: {@code low[lowOffset + o]} becomes their lower half, {@code high} their upper one. */
    void splitNibbles(float[] low, int lowOffset, float[] high, int highOffset, int n);
}
