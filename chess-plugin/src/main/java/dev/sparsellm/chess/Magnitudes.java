package dev.sparsellm.chess;

/**
 * The bins of a histogram over magnitudes: 32 an octave, from 2<sup>−30</sup> to 2<sup>20</sup>. Like those of a
 * {@link Grid} they follow from a number's bits, and are the same on every machine.
 */
final class Magnitudes {

    private static final int MIN_EXPONENT = -30;
    private static final int OCTAVES = 50;
    private static final int OCTAVE_BITS = 5;
    private static final int SHIFT = 23 - OCTAVE_BITS;
    private static final int FIRST = (127 + MIN_EXPONENT) << OCTAVE_BITS;

    /** How many there are. */
    static final int BINS = OCTAVES << OCTAVE_BITS;

    private Magnitudes() {}

    /** The bin of a number's magnitude; those beyond either end are in the outermost ones, NaN with the largest. */
    static int bin(float value) {
        return Math.clamp(((Float.floatToRawIntBits(value) & Integer.MAX_VALUE) >>> SHIFT) - FIRST, 0, BINS - 1);
    }

    /** Where a bin begins. */
    static double edge(int bin) {
        return Float.intBitsToFloat((bin + FIRST) << SHIFT);
    }

    /**
     * The bin from which on the values of a row are kept for about a share of them to be left out.
     *
     * @param counts {@code [BINS]} from {@code offset} on
     */
    static int cut(int[] counts, int offset, int total, double share) {
        double target = share * total;
        int below = 0;
        int bin = 0;
        while (bin < BINS && below + counts[offset + bin] <= target) {
            below += counts[offset + bin++];
        }
        boolean closerBehind = bin < BINS && below + counts[offset + bin] - target < target - below;
        return closerBehind ? bin + 1 : bin;
    }
}
