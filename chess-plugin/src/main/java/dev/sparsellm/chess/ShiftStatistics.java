package dev.sparsellm.chess;

/**
 * How the values of one {@link Site} of one layer shift once channels are left out before it. Thresholds come from exact
 * activations at every position of a window. But where text is written, masked layers come before, and many positions:
 * attention is flatter then, and averages of more values are smaller, so that the same thresholds leave out more than
 * they were asked for (up to 0.06 more of the inputs of O, at 0.7, on the models at hand; of other places hardly any).
 *
 * <p>Recorded are histograms of weighted magnitudes, all channels of a place together, of some windows of the text: run
 * exactly, at all positions, as thresholds are found; and at the positions of the second half of a window, run with a
 * share of all places left out, by rank within each position. Rank needs no thresholds, which are not known before the
 * calibration is complete: so what is recorded does not depend on how the work is divided. Methods that leave a gap shift
 * more than those that fill it with means, so there are runs of either {@link Kind}.
 */
final class ShiftStatistics {

    /** How channels are ranked, and what stands for those left out. */
    enum Kind {
        /** By |value|; zero. */
        PLAIN,
        /** By {@code |value_j| · ‖W[:,j]‖₂}; means. */
        COMPENSATED
    }

    /** The shares that are left out in the runs recorded, the exact one first. */
    private static final double[] SHARES = {0, 0.5, 0.7};

    /** How many levels of shares there are. */
    static final int LEVELS = SHARES.length;

    /** Histograms: for each kind of the text as thresholds see it, then of each level. */
    static final int HISTOGRAMS = Kind.values().length * (1 + LEVELS);

    private final int[] counts; // [HISTOGRAMS][Magnitudes.BINS]

    /** Nothing seen. */
    ShiftStatistics() {
        this(new int[HISTOGRAMS * Magnitudes.BINS]);
    }

    /** As read from a file. */
    ShiftStatistics(int[] counts) {
        this.counts = counts;
    }

    /** The share left out at a level. */
    static double shareOf(int level) {
        return SHARES[level];
    }

    /**
     * Counts the values of one position.
     *
     * @param ofPosition {@code [Magnitudes.BINS]} from {@code offset} on
     * @param decoded whether it is one of a window's second half
     */
    void record(Kind kind, int level, int[] ofPosition, int offset, boolean decoded) {
        int calibrated = histogram(kind, -1) * Magnitudes.BINS;
        int written = histogram(kind, level) * Magnitudes.BINS;
        for (int bin = 0; bin < Magnitudes.BINS; bin++) {
            int count = ofPosition[offset + bin];
            if (level == 0) {
                counts[calibrated + bin] += count;
            }
            if (decoded) {
                counts[written + bin] += count;
            }
        }
    }

    /** The number of a histogram; level −1 is the text as thresholds see it. */
    private static int histogram(Kind kind, int level) {
        return kind.ordinal() * (1 + LEVELS) + 1 + level;
    }

    /** Adds what another saw. */
    void add(ShiftStatistics other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
    }

    /** {@code [HISTOGRAMS][Magnitudes.BINS]}. */
    int[] counts() {
        return counts;
    }

    /** Whether anything was recorded. */
    boolean isEmpty() {
        return total(0) == 0 || total(HISTOGRAMS - 1) == 0;
    }

    /** What a threshold has to be multiplied with to leave out a share where text is written; 1 if nothing is known. */
    double correction(Kind kind, double share) {
        if (isEmpty()) {
            return 1;
        }
        double calibrated = quantile(histogram(kind, -1), share);
        return Math.exp(between(share, level -> Math.log(quantile(histogram(kind, level), share) / calibrated)));
    }

    /** By how much more thresholds without correction leave out than the share asked for; NaN if nothing is known. */
    double drift(Kind kind, double share) {
        if (isEmpty()) {
            return Double.NaN;
        }
        double calibrated = quantile(histogram(kind, -1), share);
        return between(share, level -> shareBelow(histogram(kind, level), calibrated) - share);
    }

    private interface OfLevel {
        double at(int level);
    }

    /** Linear between the two levels next to the share asked for; beyond the last, that of the last. */
    private static double between(double share, OfLevel figure) {
        int next = 1;
        while (next < LEVELS - 1 && share > SHARES[next]) {
            next++;
        }
        double weight = Math.clamp((share - SHARES[next - 1]) / (SHARES[next] - SHARES[next - 1]), 0, 1);
        return (1 - weight) * figure.at(next - 1) + weight * figure.at(next);
    }

    private long total(int histogram) {
        long total = 0;
        for (int bin = 0; bin < Magnitudes.BINS; bin++) {
            total += counts[histogram * Magnitudes.BINS + bin];
        }
        return total;
    }

    private double quantile(int histogram, double share) {
        double target = share * total(histogram);
        long below = 0;
        int bin = 0;
        while (bin < Magnitudes.BINS - 1 && below + counts[histogram * Magnitudes.BINS + bin] < target) {
            below += counts[histogram * Magnitudes.BINS + bin++];
        }
        int here = counts[histogram * Magnitudes.BINS + bin];
        double part = here == 0 ? 0 : (target - below) / here;
        return Magnitudes.edge(bin) + part * (Magnitudes.edge(bin + 1) - Magnitudes.edge(bin));
    }

    private double shareBelow(int histogram, double magnitude) {
        long below = 0;
        int bin = 0;
        while (bin < Magnitudes.BINS - 1 && Magnitudes.edge(bin + 1) <= magnitude) {
            below += counts[histogram * Magnitudes.BINS + bin++];
        }
        double part = (magnitude - Magnitudes.edge(bin)) / (Magnitudes.edge(bin + 1) - Magnitudes.edge(bin));
        return (below + Math.clamp(part, 0, 1) * counts[histogram * Magnitudes.BINS + bin]) / total(histogram);
    }
}
