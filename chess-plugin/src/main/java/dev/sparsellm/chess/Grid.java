package dev.sparsellm.chess;

/**
 * The bins of a histogram over real numbers, the same for every channel: on either side of zero, each octave from
 * 2<sup>minExponent</sup> to 2<sup>maxExponent</sup> divided into 2<sup>octaveBits</sup> equal bins, one bin for what
 * is smaller and one for what is larger. Bins are numbered from the most negative to the most positive.
 *
 * <p>A bin follows from a number's exponent and leading bits, so that finding it needs no logarithm and is the same on
 * every machine. Sums are kept for groups of two bins, since a mean varies slowly with the bin.
 *
 * @param octaveBits logarithm of the bins of an octave
 * @param minExponent smaller numbers share a bin
 * @param maxExponent larger numbers share a bin; an even number above {@code minExponent}
 */
record Grid(int octaveBits, int minExponent, int maxExponent) {

    private static final int FRACTION_BITS = 23;
    private static final int BIAS = 127;
    private static final int BINS_OF_A_GROUP_LOG = 1;

    Grid {
        int octaves = maxExponent - minExponent;
        if (octaveBits < 0 || octaveBits > 8 || octaves < 2 || octaves > 64 || octaves % 2 != 0
                || minExponent < -100 || maxExponent > 100) {
            throw new IllegalArgumentException("No grid has " + octaveBits + " bits an octave and exponents from "
                    + minExponent + " to " + maxExponent);
        }
    }

    /** Bins in all. */
    int bins() {
        return 2 * sideBins();
    }

    /** Groups of bins in all. */
    int groups() {
        return 2 * sideGroups();
    }

    /** The bin of a number; NaN goes to an outermost one, where nothing is ever left out. */
    int bin(float value) {
        int side = Math.clamp(magnitude(value), 0, sideBins() - 1);
        return value < 0 ? sideBins() - 1 - side : sideBins() + side;
    }

    /** The group of a bin. */
    int group(int bin) {
        int side = bin < sideBins() ? sideBins() - 1 - bin : bin - sideBins();
        // The innermost and the outermost bin have groups of their own.
        int group = 1 + ((side - 1) >> BINS_OF_A_GROUP_LOG);
        return bin < sideBins() ? sideGroups() - 1 - group : sideGroups() + group;
    }

    /** Where bins meet, ascending: bin {@code j} reaches from {@code edges[j − 1]} to {@code edges[j]}. */
    double[] edges() {
        double[] edges = new double[bins() - 1];
        int zero = sideBins() - 1;
        for (int i = 0; i < sideBins() - 1; i++) {
            int octave = i >> octaveBits;
            double fraction = (double) (i - (octave << octaveBits)) / (1 << octaveBits);
            double edge = Math.scalb(1 + fraction, minExponent + octave);
            edges[zero + 1 + i] = edge;
            edges[zero - 1 - i] = -edge;
        }
        return edges;
    }

    /** 0 or less for the innermost bin of a side, then one more for each bin outwards. */
    private int magnitude(float value) {
        int bits = Float.floatToRawIntBits(value) & Integer.MAX_VALUE;
        return (bits >> (FRACTION_BITS - octaveBits)) - ((BIAS + minExponent) << octaveBits) + 1;
    }

    private int sideBins() {
        return ((maxExponent - minExponent) << octaveBits) + 2;
    }

    private int sideGroups() {
        return ((sideBins() - 2) >> BINS_OF_A_GROUP_LOG) + 2;
    }
}
