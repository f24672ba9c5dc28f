package dev.sparsellm.chess;

/**
 * What was seen at one {@link Site} of one layer: enough to place thresholds for any share, method and weight
 * afterwards. All integers, so that the order in which things are seen changes nothing.
 *
 * <p>Channels are independent: several threads may record at once if each keeps to its own channels.
 */
final class SiteStatistics {

    /** Hidden activations are summed in units of 2^-30, each at most 2^10 in size: good for 2^22 positions. */
    private static final double UNIT = 0x1p30;

    private static final float LARGEST = 0x1p10f;

    /** Squares of up are summed in units of 2^-28, each at most 2^12. */
    private static final double SQUARE_UNIT = 0x1p28;

    private static final double LARGEST_SQUARE = 0x1p12;

    /** No more positions than this are counted, so that no sum can overflow. */
    static final long MAX_POSITIONS = 1L << 22;

    private final Grid grid;
    private final int channels;
    private final int[] counts; // [channels][bins]

    /** Signed sums of the hidden activation; empty except for {@link Site#FEED_FORWARD}. */
    private final long[] sums; // [channels][groups]

    /** Sums of {@code up²}, likewise. */
    private final long[] squares; // [channels][groups]

    private final FixedPointSums upMagnitudes;
    private final FixedPointSums upSquares;

    /** Nothing seen. */
    SiteStatistics(Site site, Grid grid, int channels) {
        this(
                grid,
                channels,
                new int[Math.multiplyExact(channels, grid.bins())],
                new long[site == Site.FEED_FORWARD ? Math.multiplyExact(channels, grid.groups()) : 0],
                new long[site == Site.FEED_FORWARD ? Math.multiplyExact(channels, grid.groups()) : 0],
                new FixedPointSums(site == Site.FEED_FORWARD ? channels : 0),
                new FixedPointSums(site == Site.FEED_FORWARD ? channels : 0));
    }

    /** As read from a file. */
    SiteStatistics(
            Grid grid,
            int channels,
            int[] counts,
            long[] sums,
            long[] squares,
            FixedPointSums upMagnitudes,
            FixedPointSums upSquares) {
        this.grid = grid;
        this.channels = channels;
        this.counts = counts;
        this.sums = sums;
        this.squares = squares;
        this.upMagnitudes = upMagnitudes;
        this.upSquares = upSquares;
    }

    /**
     * Records the inputs of a projection.
     *
     * @param x {@code [batch][channels]}
     * @param from first channel to record
     * @param to behind the last
     */
    void recordInputs(float[] x, int batch, int from, int to) {
        for (int channel = from; channel < to; channel++) {
            for (int row = 0; row < batch; row++) {
                counts[channel * grid.bins() + grid.bin(x[row * channels + channel])]++;
            }
        }
    }

    /**
     * Records hidden channels of a feed-forward block.
     *
     * @param gate {@code [batch][channels]}, before the activation
     * @param activated {@code [batch][channels]}, {@code SiLU(gate)}
     * @param up {@code [batch][channels]}
     */
    void recordHidden(float[] gate, float[] activated, float[] up, int batch, int from, int to) {
        for (int channel = from; channel < to; channel++) {
            for (int row = 0; row < batch; row++) {
                int at = row * channels + channel;
                int bin = grid.bin(gate[at]);
                counts[channel * grid.bins() + bin]++;
                float hidden = Math.clamp(activated[at] * up[at], -LARGEST, LARGEST);
                double square = (double) up[at] * up[at];
                int group = channel * grid.groups() + grid.group(bin);
                sums[group] += Math.round(hidden * UNIT);
                squares[group] += Math.round(Math.min(square, LARGEST_SQUARE) * SQUARE_UNIT);
                upMagnitudes.add(channel, Math.abs(up[at]));
                upSquares.add(channel, square);
            }
        }
    }

    /** Adds what another saw. */
    void add(SiteStatistics other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] += other.sums[i];
            squares[i] += other.squares[i];
        }
        upMagnitudes.addAll(other.upMagnitudes);
        upSquares.addAll(other.upSquares);
    }

    Grid grid() {
        return grid;
    }

    int channels() {
        return channels;
    }

    /** {@code [channels][bins]}. */
    int[] counts() {
        return counts;
    }

    /** {@code [channels][groups]}, or empty. */
    long[] sums() {
        return sums;
    }

    /** The sum of the hidden activations of a channel whose gate fell into a group of bins. */
    double hiddenSum(int channel, int group) {
        return sums[channel * grid.groups() + group] / UNIT;
    }

    /** {@code [channels][groups]}, or empty. */
    long[] squares() {
        return squares;
    }

    /** The sum of {@code up²} of a channel where its gate fell into a group of bins. */
    double upSquareSum(int channel, int group) {
        return squares[channel * grid.groups() + group] / SQUARE_UNIT;
    }

    /** Sums of {@code |up|}. */
    FixedPointSums upMagnitudes() {
        return upMagnitudes;
    }

    /** Sums of {@code up²}. */
    FixedPointSums upSquares() {
        return upSquares;
    }
}
