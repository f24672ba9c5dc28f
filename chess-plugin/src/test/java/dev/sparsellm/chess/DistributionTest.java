package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** A distribution of a few values, and means over it, against figures made by hand. */
class DistributionTest {

    private static final double[] EDGES = {-4, -1, -0.5, 1, 2, 6};
    private static final int[] COUNTS = {99, 3, 9, 2, 5, 0, 8, 4, 99}; // from the second one on

    private final Distribution values = new Distribution(EDGES, COUNTS, 1);

    @Test
    void atTheEdgesItGivesTheCounts() {
        assertThat(values.total()).isEqualTo(31);
        assertThat(new double[] {
                    values.atMost(-4), values.atMost(-1), values.atMost(-0.5), values.atMost(1), values.atMost(2), values.atMost(6)
                })
                .containsExactly(new double[] {3, 12, 14, 19, 19, 27}, within(1e-12));
        assertThat(values.atMost(Math.nextDown(-4.0))).isZero();
        assertThat(values.atMost(Math.nextUp(6.0))).isEqualTo(31);
    }

    /** Slopes are 3, 252/71 (of 3 over a width of 3, and 4 over 1/2), 48/13 (of 4 over 1/2, and 10/3 over 3/2), 0, 0, 2. */
    @Test
    void betweenThemItIsACubicWithHarmonicMeansOfDensitiesForSlopes() {
        double[] below = {3, 12, 14, 19, 19, 27};
        double[] slopes = {3, 252 / 71.0, 48 / 13.0, 0, 0, 2};
        for (int i = 0; i < EDGES.length - 1; i++) {
            double width = EDGES[i + 1] - EDGES[i];
            double middle = (below[i] + below[i + 1]) / 2 + width * (slopes[i] - slopes[i + 1]) / 8;
            assertThat(values.atMost(EDGES[i] + width / 2)).isCloseTo(middle, within(1e-12));
            double quarter = (27 * below[i] + 5 * below[i + 1]) / 32 + width * (9 * slopes[i] - 3 * slopes[i + 1]) / 64;
            assertThat(values.atMost(EDGES[i] + width / 4)).isCloseTo(quarter, within(1e-12));
            assertThat(values.between(i + 1, EDGES[i] + width / 4, EDGES[i] + width / 2))
                    .isCloseTo(middle - quarter, within(1e-12));
        }
        assertThat(values.between(0, Double.NEGATIVE_INFINITY, -4)).isEqualTo(3);
        assertThat(values.between(6, 6, Double.POSITIVE_INFINITY)).isEqualTo(4);
    }

    @Test
    void binsBeginWithTheirLowerEdge() {
        double[] numbers = {-5, -4, -2, -1, -0.7, -0.5, 0, 1.5, 5.9, 6, 7};
        int[] bins = {0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 6};
        for (int i = 0; i < numbers.length; i++) {
            assertThat(values.bin(numbers[i])).as("%s", numbers[i]).isEqualTo(bins[i]);
        }
        assertThat(values.middle(0)).isEqualTo(-4);
        assertThat(values.middle(1)).isEqualTo(-2.5);
        assertThat(values.middle(5)).isEqualTo(4);
        assertThat(values.middle(6)).isEqualTo(6);
        assertThat(values.lowerEdge(0)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(values.upperEdge(0)).isEqualTo(-4);
        assertThat(values.lowerEdge(6)).isEqualTo(6);
        assertThat(values.upperEdge(6)).isEqualTo(Double.POSITIVE_INFINITY);
    }

    /** Against sums over four thousand slices in place of eight. */
    @Test
    void activationsAreSummedOverSlices() {
        double[][] bounds = {{-4, -1}, {-3, -1.5}, {-1, -0.5}, {-0.5, -0.1}, {0.2, 1}, {2, 6}, {2.5, 3}};
        for (double[] bound : bounds) {
            double exact = 0;
            double step = (bound[1] - bound[0]) / 4096;
            for (int i = 0; i < 4096; i++) {
                double at = bound[0] + i * step;
                exact += (values.atMost(at + step) - values.atMost(at)) * Silu.of(at + step / 2);
            }
            int bin = values.bin((bound[0] + bound[1]) / 2);
            assertThat(values.activated(bin, bound[0], bound[1])).isCloseTo(exact, within(Math.abs(exact) * 0.004));
        }
        assertThat(values.activated(values.bin(1.5), 1, 2)).isZero();
        assertThat(values.activated(6, 6, 6)).as("nothing, at the last edge").isZero();
        assertThat(values.activated(0, Double.NEGATIVE_INFINITY, -4)).isEqualTo(3 * Silu.of(-4));
        assertThat(values.activated(6, 6, Double.POSITIVE_INFINITY)).isEqualTo(4 * Silu.of(6));
    }

    /** Gates are spread evenly, and up rises with them: that is what a mean of up by gate must find. */
    @Test
    void theMeanOfUpFollowsTheGateAndKeepsTheSumsOfGroups() {
        int positions = 72_000;
        Grid grid = new Grid(3, -5, 3);
        SiteStatistics seen = new SiteStatistics(Site.FEED_FORWARD, grid, 2);
        double[] sums = new double[grid.groups()];
        double[] squares = new double[grid.groups()];
        int[] counts = new int[grid.groups()];
        double partOfABin = 0;
        for (int i = 0; i < positions; i++) {
            float gate = -12 + 24 * (i + 0.5f) / positions;
            float up = 0.5f + 0.25f * gate;
            float activated = (float) Silu.of(gate);
            seen.recordHidden(
                    new float[] {7, gate}, new float[] {7, activated}, new float[] {7, up}, 1, 0, 2);
            int group = grid.group(grid.bin(gate));
            sums[group] += activated * up;
            squares[group] += up * up;
            counts[group]++;
            partOfABin += gate >= -3.5 && gate < -3.4 ? activated * up : 0;
        }
        Distribution gates = new Distribution(grid.edges(), seen.counts(), grid.bins());
        MeanOfUp up = new MeanOfUp(seen, 1, gates);
        for (int group = 0; group < grid.groups(); group++) {
            double sum = 0;
            for (int bin = 0; bin < grid.bins(); bin++) {
                if (grid.group(bin) == group) {
                    sum += up.hiddenSum(bin, gates.lowerEdge(bin), gates.upperEdge(bin));
                }
            }
            assertThat(sum).isCloseTo(sums[group], within(1e-4 + 1e-6 * Math.abs(sums[group])));
            assertThat(up.meanSquares()[group]).isCloseTo(squares[group] / counts[group], within(1e-6 * positions));
        }
        assertThat(up.hiddenSum(gates.bin(-3.45), -3.5, -3.4)).isCloseTo(partOfABin, within(0.03 * Math.abs(partOfABin)));
        for (double gate = -6.9; gate < 6.9; gate += 0.01) {
            if (Math.abs(gate) > 0.1) {
                assertThat(up.mean(gate, gates.bin(gate))).as("%s", gate).isCloseTo(0.5 + 0.25 * gate, within(0.01));
            }
        }
        // What is beyond the edges counts as being there, and that is where the next group's line leads to.
        int first = grid.group(gates.bin(-7.9));
        double mean = sums[first] / (sums[first] / (0.5 - 0.25 * 7.46));
        double beyond = sums[0] / (counts[0] * Silu.of(-8));
        assertThat(up.mean(-9, 0)).isCloseTo(beyond, within(1e-5));
        assertThat(up.mean(-7.999, gates.bin(-7.999)) - up.mean(-7.47, gates.bin(-7.47)))
                .isCloseTo(beyond - mean, within(0.06 * Math.abs(beyond - mean)));
    }

    @Test
    void whereTheGateNeverIsUpHasNoMean() {
        Grid grid = new Grid(3, -5, 3);
        SiteStatistics seen = new SiteStatistics(Site.FEED_FORWARD, grid, 1);
        seen.recordHidden(new float[] {2.1f, 2.1f}, new float[] {1, 3}, new float[] {0.5f, 0.5f}, 2, 0, 1);
        Distribution gates = new Distribution(grid.edges(), seen.counts(), 0);
        MeanOfUp up = new MeanOfUp(seen, 0, gates);
        double mean = 2 / gates.activated(gates.bin(2.1), 2, 2.25);
        assertThat(up.mean(2.01, gates.bin(2.1))).isCloseTo(mean, within(1e-9));
        assertThat(up.mean(2.4, gates.bin(2.4))).isCloseTo(mean, within(1e-9));
        assertThat(up.mean(1.9, gates.bin(1.9))).isZero();
        assertThat(up.mean(3, gates.bin(3))).isZero();
    }

    /** Positions, gates in the middle of their bins, and what up is there. */
    private record Seen(int positions, double gate, double up) {}

    /** By the definition, from bands of doubling activations: half of them at each side of zero. */
    @Test
    void theErrorOfAReplacedChannelGrowsAsItsActivationDoes() {
        Grid grid = new Grid(7, -5, 3);
        Seen[] all = {
            new Seen(30, 1 + 64.5 / 128, 2),
            new Seen(10, 0.0625 * (1 + 80.5 / 128), 0.5),
            new Seen(4, 8, 2.5),
            new Seen(20, -2 * (1 + 96.5 / 128), -3),
            new Seen(5, -8, 1.5)
        };
        double m = 0.02;
        SiteStatistics seen = new SiteStatistics(Site.FEED_FORWARD, grid, 2);
        double[][] squares = new double[2][12];
        double[][] counts = new double[2][12];
        double allSquares = 0;
        for (Seen one : all) {
            double a = Silu.of(one.gate);
            for (int i = 0; i < one.positions; i++) {
                seen.recordHidden(
                        new float[] {0, (float) one.gate}, new float[] {0, (float) a}, new float[] {0, (float) one.up}, 1, 1, 2);
            }
            // The last one's activation is smaller than 2^-8, and counts as that.
            double size = Math.max(Math.abs(a), 1 / 256.0);
            int band = (int) Math.floor(Math.log(size) / Math.log(2)) + 8;
            int side = a > 0 ? 0 : 1;
            double square = Math.pow(one.up - Math.signum(a) * m / size, 2);
            squares[side][band] += one.positions * square;
            counts[side][band] += one.positions;
            allSquares += one.positions * square / 69;
        }
        assertThat(counts[0]).containsExactly(0, 0, 0, 10, 0, 0, 0, 0, 30, 0, 4, 0);
        assertThat(counts[1]).containsExactly(5, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0);
        ErrorCurve curve = new ErrorCurve(
                seen, 1, new Distribution(grid.edges(), seen.counts(), grid.bins()), up(seen, grid), m);
        for (int side = 0; side < 2; side++) {
            double before = 0;
            double most = 0;
            for (int band = 0; band < 12; band++) {
                double mean = 0;
                for (int of : new int[] {Math.max(0, band - 1), band}) {
                    mean += Math.sqrt((squares[side][of] + 10 * allSquares) / (counts[side][of] + 10)) / 2;
                }
                double end = Math.pow(2, band - 8);
                if (mean * end > most) {
                    most = mean * end;
                    double from = before == 0 ? 0 : end / 2;
                    assertThat(curve.reach(0.99999 * most, side == 0)).isCloseTo(end, within(0.002 * end));
                    assertThat(curve.reach((before + most) / 2, side == 0))
                            .isCloseTo((from + end) / 2, within(0.004 * end));
                }
                before = most;
            }
            assertThat(curve.reach(2 * most, side == 0)).isCloseTo(16, within(0.05));
            assertThat(curve.reach(0, side == 0)).isZero();
        }
    }

    private static MeanOfUp up(SiteStatistics seen, Grid grid) {
        return new MeanOfUp(seen, 1, new Distribution(grid.edges(), seen.counts(), grid.bins()));
    }

    @Test
    void whatNeverHasAnErrorMayAlwaysBeReplaced() {
        Grid grid = new Grid(0, -5, 3);
        SiteStatistics seen = new SiteStatistics(Site.FEED_FORWARD, grid, 2);
        Distribution gates = new Distribution(grid.edges(), seen.counts(), grid.bins());
        ErrorCurve curve = new ErrorCurve(seen, 1, gates, up(seen, grid), 0);
        assertThat(curve.reach(0.1, true)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(curve.reach(0.1, false)).isEqualTo(Double.POSITIVE_INFINITY);
    }
}
