package dev.sparsellm.chess;

/**
 * One sum of non-negative numbers for each channel, in 128-bit fixed point with 64 bits after the point. Integers add
 * up to the same total in any order, which doubles do not: that is what makes profiles mergeable to the byte.
 */
final class FixedPointSums {

    private static final double TWO_63 = 0x1p63;

    /** Whole parts, then fractions in units of 2^-64, unsigned. */
    private final long[] words; // [2][channels]

    FixedPointSums(int channels) {
        this(new long[2 * channels]);
    }

    FixedPointSums(long[] words) {
        this.words = words;
    }

    /** Adds a number; what is beyond 2^40 counts as that, what is not a number as nothing. */
    void add(int channel, double value) {
        if (!(value > 0)) {
            return;
        }
        double bounded = Math.min(value, 0x1p40);
        long whole = (long) bounded;
        long fraction = (long) ((bounded - whole) * TWO_63) << 1;
        addWords(channel, whole, fraction);
    }

    void addAll(FixedPointSums other) {
        int channels = channels();
        for (int channel = 0; channel < channels; channel++) {
            addWords(channel, other.words[channel], other.words[channels + channel]);
        }
    }

    /** The sum of a channel, rounded. */
    double get(int channel) {
        return words[channel] + (words[channels() + channel] >>> 1) / TWO_63;
    }

    int channels() {
        return words.length / 2;
    }

    /** For files: {@code [2][channels]}, whole parts, then fractions. */
    long[] words() {
        return words;
    }

    private void addWords(int channel, long whole, long fraction) {
        int low = channels() + channel;
        words[low] += fraction;
        words[channel] += whole + (Long.compareUnsigned(words[low], fraction) < 0 ? 1 : 0);
    }
}
