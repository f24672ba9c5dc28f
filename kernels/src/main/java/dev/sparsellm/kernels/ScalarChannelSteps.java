package dev.sparsellm.kernels;

import java.lang.foreign.MemorySegment;

/** {@link ChannelSteps} output by output: what the layout means, and the oracle of the vector code. */
final class ScalarChannelSteps implements ChannelSteps {

    @Override
    public void f32(
            MemorySegment w, long base, long stride, int[] channels, int from, int to,
            float[] a, int aOffset, float[] y, int yOffset, int n) {
        for (int i = from; i < to; i++) {
            long channel = base + channels[i] * stride;
            float activation = a[aOffset + channels[i]];
            for (int o = 0; o < n; o++) {
                y[yOffset + o] = Math.fma(w.get(ScalarBlocks.FLOAT, channel + 4L * o), activation, y[yOffset + o]);
            }
        }
    }

    @Override
    public void bf16(
            MemorySegment w, long base, long stride, int[] channels, int from, int to,
            float[] a, int aOffset, float[] y, int yOffset, int n) {
        for (int i = from; i < to; i++) {
            long channel = base + channels[i] * stride;
            float activation = a[aOffset + channels[i]];
            for (int o = 0; o < n; o++) {
                short upper = w.get(ScalarBlocks.SHORT, channel + Repacker.pairedOffset(o));
                y[yOffset + o] = Math.fma(Float.intBitsToFloat(upper << 16), activation, y[yOffset + o]);
            }
        }
    }

    @Override
    public float up(int bits) {
        return 1;
    }

    @Override
    public void codes(
            int bits, MemorySegment w, long[] lines, float[] factors, int count, float[] sums,
            float[] s, int sOffset, float shift, float[] y, int yOffset, int n) {
        int perInt = 32 / bits;
        int unused = 32 - bits;
        for (int o = 0; o < n; o++) {
            int tile = o / (16 * perInt);
            int field = o / 16 % perInt;
            long at = 64L * tile + 4 * (o % 16);
            float sum = 0;
            for (int i = 0; i < count; i++) {
                int code = w.get(ScalarBlocks.INT, lines[i] + at) << unused - bits * field >>> unused;
                sum = Math.fma(code, factors[i], sum);
            }
            y[yOffset + o] = Math.fma(sum + shift, s[sOffset + o], y[yOffset + o]);
        }
    }

    @Override
    public void addMinima(float[] m, int mOffset, float sum, float[] y, int yOffset, int n) {
        for (int o = 0; o < n; o++) {
            y[yOffset + o] = Math.fma(m[mOffset + o], sum, y[yOffset + o]);
        }
    }

    @Override
    public void multiply(float[] d, int dOffset, float[] s, int sOffset, int n) {
        for (int o = 0; o < n; o++) {
            s[sOffset + o] *= d[dOffset + o];
        }
    }

    @Override
    public void splitNibbles(float[] low, int lowOffset, float[] high, int highOffset, int n) {
        for (int o = 0; o < n; o++) {
            int both = (int) low[lowOffset + o];
            low[lowOffset + o] = both & 15;
            high[highOffset + o] = both >>> 4 & 15;
        }
    }
}
