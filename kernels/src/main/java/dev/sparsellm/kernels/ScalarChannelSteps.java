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
    public void codes(
            int bits, MemorySegment w, long base, long stride, int[] channels, int from, int step, int count,
            float[] a, int aOffset, float[] y, int yOffset, int n) {
        int perInt = 32 / bits;
        int top = -1 << 32 - bits;
        for (int i = 0; i < count; i++) {
            int number = channels[from + i * step];
            long channel = base + number * stride;
            float activation = a[aOffset + number];
            for (int o = 0; o < n; o += 16 * perInt) {
                for (int k = 0; k < 16; k++) {
                    int packed = w.get(ScalarBlocks.INT, channel + o / perInt * 4 + 4 * k);
                    for (int j = 0; j < perInt; j++) {
                        int at = yOffset + o + 16 * j + k;
                        float code = packed << 32 - bits * (j + 1) & top;
                        y[at] = Math.fma(code, activation, y[at]);
                    }
                }
            }
        }
    }

    @Override
    public void addScaled(float[] s, int sOffset, float[] t, int tOffset, float shift, float[] y, int yOffset, int n) {
        for (int o = 0; o < n; o++) {
            y[yOffset + o] = Math.fma(s[sOffset + o], t[tOffset + o] + shift, y[yOffset + o]);
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
