package dev.sparsellm.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Channels of F16, for scalar and vector code alike: plain loops, which C2 turns into vector conversions and
 * multiply-adds. The Vector API has no F16, and unpacking the bits by hand is half as fast.
 */
final class HalfChannels {

    private HalfChannels() {}

    /** As the sweeps of {@link ChannelSteps}. */
    static void sweep(
            MemorySegment w, long base, long stride, int[] channels, int from, int to,
            float[] a, int aOffset, float[] y, int yOffset, int n) {
        int i = from;
        for (; i + 8 <= to; i += 8) {
            eight(w, base, stride, channels, i, a, aOffset, y, yOffset, n);
        }
        for (; i + 4 <= to; i += 4) {
            four(w, base, stride, channels, i, a, aOffset, y, yOffset, n);
        }
        for (; i < to; i++) {
            one(w, base + channels[i] * stride, a[aOffset + channels[i]], y, yOffset, n);
        }
    }

    private static float half(MemorySegment w, long at) {
        return Float.float16ToFloat(w.get(ScalarBlocks.SHORT, at));
    }

    private static void one(MemorySegment w, long w0, float a0, float[] y, int yOffset, int n) {
        for (int o = 0; o < n; o++) {
            y[yOffset + o] = Math.fma(a0, half(w, w0 + 2L * o), y[yOffset + o]);
        }
    }

    private static void four(
            MemorySegment w, long base, long stride, int[] channels, int i,
            float[] a, int aOffset, float[] y, int yOffset, int n) {
        float a0 = a[aOffset + channels[i]];
        float a1 = a[aOffset + channels[i + 1]];
        float a2 = a[aOffset + channels[i + 2]];
        float a3 = a[aOffset + channels[i + 3]];
        long w0 = base + channels[i] * stride;
        long w1 = base + channels[i + 1] * stride;
        long w2 = base + channels[i + 2] * stride;
        long w3 = base + channels[i + 3] * stride;
        for (int o = 0; o < n; o++) {
            float sum = y[yOffset + o];
            sum = Math.fma(a0, half(w, w0 + 2L * o), sum);
            sum = Math.fma(a1, half(w, w1 + 2L * o), sum);
            sum = Math.fma(a2, half(w, w2 + 2L * o), sum);
            sum = Math.fma(a3, half(w, w3 + 2L * o), sum);
            y[yOffset + o] = sum;
        }
    }

    private static void eight(
            MemorySegment w, long base, long stride, int[] channels, int i,
            float[] a, int aOffset, float[] y, int yOffset, int n) {
        float a0 = a[aOffset + channels[i]];
        float a1 = a[aOffset + channels[i + 1]];
        float a2 = a[aOffset + channels[i + 2]];
        float a3 = a[aOffset + channels[i + 3]];
        float a4 = a[aOffset + channels[i + 4]];
        float a5 = a[aOffset + channels[i + 5]];
        float a6 = a[aOffset + channels[i + 6]];
        float a7 = a[aOffset + channels[i + 7]];
        long w0 = base + channels[i] * stride;
        long w1 = base + channels[i + 1] * stride;
        long w2 = base + channels[i + 2] * stride;
        long w3 = base + channels[i + 3] * stride;
        long w4 = base + channels[i + 4] * stride;
        long w5 = base + channels[i + 5] * stride;
        long w6 = base + channels[i + 6] * stride;
        long w7 = base + channels[i + 7] * stride;
        for (int o = 0; o < n; o++) {
            float sum = y[yOffset + o];
            sum = Math.fma(a0, half(w, w0 + 2L * o), sum);
            sum = Math.fma(a1, half(w, w1 + 2L * o), sum);
            sum = Math.fma(a2, half(w, w2 + 2L * o), sum);
            sum = Math.fma(a3, half(w, w3 + 2L * o), sum);
            sum = Math.fma(a4, half(w, w4 + 2L * o), sum);
            sum = Math.fma(a5, half(w, w5 + 2L * o), sum);
            sum = Math.fma(a6, half(w, w6 + 2L * o), sum);
            sum = Math.fma(a7, half(w, w7 + 2L * o), sum);
            y[yOffset + o] = sum;
        }
    }
}
