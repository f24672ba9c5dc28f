package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.chess.ShiftStatistics.Kind;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ShiftStatisticsTest {

    private static final int VALUES = 200_000;

    @Test
    void aThresholdShrinksAsTheValuesDo() {
        ShiftStatistics seen = new ShiftStatistics();
        record(seen, Kind.PLAIN, 0, 1, 1, false);
        record(seen, Kind.PLAIN, 0, 2, 0.9, true);
        record(seen, Kind.PLAIN, 1, 3, 0.8, true);
        record(seen, Kind.PLAIN, 2, 4, 0.6, true);
        record(seen, Kind.COMPENSATED, 0, 5, 1, true);
        record(seen, Kind.COMPENSATED, 1, 6, 1, true);
        record(seen, Kind.COMPENSATED, 2, 7, 1, true);
        for (Kind kind : Kind.values()) {
            assertThat(seen.drift(kind, 0.5)).isGreaterThan(-0.01);
        }
        // Values whose sizes are uniform: a share below a threshold is the threshold over the largest. The exact run's
        // half at a window's end counts among what thresholds see, too.
        assertThat(seen.correction(Kind.PLAIN, 0.5)).isCloseTo(0.8 / 0.95, within(0.02));
        assertThat(seen.correction(Kind.PLAIN, 0.7)).isCloseTo(0.6 / 0.95, within(0.02));
        assertThat(seen.correction(Kind.PLAIN, 0.6)).isBetween(0.63, 0.84);
        assertThat(seen.correction(Kind.PLAIN, 0.95)).isCloseTo(0.6 / 0.95, within(0.03));
        assertThat(seen.drift(Kind.PLAIN, 0.5)).isCloseTo(0.5 * 0.95 / 0.8 - 0.5, within(0.02));
        assertThat(seen.drift(Kind.COMPENSATED, 0.5)).isCloseTo(0, within(0.01));
        assertThat(seen.correction(Kind.COMPENSATED, 0.7)).isCloseTo(1, within(0.01));
    }

    @Test
    void whereNothingWasRecordedNothingIsCorrected() {
        ShiftStatistics seen = new ShiftStatistics();
        assertThat(seen.correction(Kind.PLAIN, 0.5)).isEqualTo(1);
        assertThat(seen.drift(Kind.PLAIN, 0.5)).isNaN();
        record(seen, Kind.PLAIN, 0, 1, 1, true);
        assertThat(seen.correction(Kind.PLAIN, 0.5)).isEqualTo(1);
    }

    @Test
    void theCutOfARowLeavesOutAboutAShare() {
        Random random = new Random(8);
        int[] counts = new int[Magnitudes.BINS];
        float[] values = new float[2000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
            counts[Magnitudes.bin(values[i])]++;
        }
        for (double share : new double[] {0.1, 0.5, 0.7, 0.9}) {
            int cut = Magnitudes.cut(counts, 0, values.length, share);
            int dropped = 0;
            for (float value : values) {
                dropped += Magnitudes.bin(value) < cut ? 1 : 0;
            }
            assertThat((double) dropped / values.length).isCloseTo(share, within(0.02));
        }
        assertThat(Magnitudes.bin(Float.NaN)).isEqualTo(Magnitudes.BINS - 1);
        assertThat(Magnitudes.bin(0)).isZero();
        for (float value : values) {
            int bin = Magnitudes.bin(value);
            assertThat((double) Math.abs(value)).isBetween(Magnitudes.edge(bin), Magnitudes.edge(bin + 1));
        }
    }

    /** Bins at 1/4, 1/2, 1 and 2, which are 1/128, 1/64, 1/32 and 1/16 wide. */
    private static int[] counts(int quarters, int halves, int ones, int twos) {
        int[] counts = new int[3 + Magnitudes.BINS];
        counts[3 + Magnitudes.bin(0.25f)] = quarters;
        counts[3 + Magnitudes.bin(0.5f)] = halves;
        counts[3 + Magnitudes.bin(1)] = ones;
        counts[3 + Magnitudes.bin(2)] = twos;
        return counts;
    }

    private static ShiftStatistics ofHand() {
        ShiftStatistics seen = new ShiftStatistics();
        seen.record(Kind.PLAIN, 0, counts(0, 0, 30, 10), 3, false);
        seen.record(Kind.PLAIN, 0, counts(0, 0, 10, 10), 3, true);
        seen.record(Kind.PLAIN, 1, counts(0, 20, 20, 0), 3, true);
        seen.record(Kind.PLAIN, 1, counts(99, 0, 0, 0), 3, false);
        seen.record(Kind.PLAIN, 2, counts(5, 15, 0, 0), 3, true);
        seen.record(Kind.COMPENSATED, 2, counts(0, 0, 1, 1), 3, true);
        return seen;
    }

    /** What thresholds see are 40 ones and 20 twos. */
    @Test
    void aCorrectionIsARatioOfQuantilesAndOfMeansBetweenLevels() {
        ShiftStatistics seen = ofHand();
        double level0 = (1 + 5 / 10.0 / 32) / (1 + 15 / 40.0 / 32);
        double level1 = (0.5 + 10 / 20.0 / 64) / (1 + 15 / 40.0 / 32);
        assertThat(seen.correction(Kind.PLAIN, 0.25)).isCloseTo(Math.sqrt(level0 * level1), within(1e-9));
        assertThat(seen.correction(Kind.PLAIN, 0.5))
                .isCloseTo((0.5 + 1.0 / 64) / (1 + 30 / 40.0 / 32), within(1e-9));
        double lower = (1 + 4 / 20.0 / 32) / (1 + 36 / 40.0 / 32);
        double upper = (0.5 + 7 / 15.0 / 64) / (1 + 36 / 40.0 / 32);
        assertThat(seen.correction(Kind.PLAIN, 0.6)).isCloseTo(Math.sqrt(lower * upper), within(1e-9));
        assertThat(seen.correction(Kind.PLAIN, 0.9))
                .isCloseTo((0.5 + 13 / 15.0 / 64) / (2 + 14 / 20.0 / 16), within(1e-9));
        ShiftStatistics twice = ofHand();
        twice.add(seen);
        assertThat(twice.correction(Kind.PLAIN, 0.6)).isCloseTo(Math.sqrt(lower * upper), within(1e-9));
        assertThat(twice.counts()[Magnitudes.bin(2)]).isEqualTo(40);
    }

    @Test
    void aDriftIsTheShareBelowTheThresholdLessThatAskedFor() {
        ShiftStatistics seen = ofHand();
        // At one half the threshold is 3/4 through the ones: of level 1 those below are 20 halves and 15 ones.
        assertThat(seen.drift(Kind.PLAIN, 0.5)).isCloseTo(35 / 40.0 - 0.5, within(1e-9));
        assertThat(seen.drift(Kind.PLAIN, 0.6)).isCloseTo((38 / 40.0 - 0.6 + 1 - 0.6) / 2, within(1e-9));
        assertThat(seen.drift(Kind.PLAIN, 0.25))
                .isCloseTo((3.75 / 20 - 0.25 + 27.5 / 40 - 0.25) / 2, within(1e-9));
    }

    @Test
    void aKindOfRunThatIsMissingLeavesThresholdsAsTheyAre() {
        ShiftStatistics written = new ShiftStatistics();
        written.record(Kind.COMPENSATED, 2, counts(0, 0, 1, 1), 3, true);
        ShiftStatistics calibrated = new ShiftStatistics();
        calibrated.record(Kind.PLAIN, 0, counts(0, 0, 1, 1), 3, false);
        for (ShiftStatistics seen : new ShiftStatistics[] {written, calibrated}) {
            assertThat(seen.isEmpty()).isTrue();
            assertThat(seen.correction(Kind.COMPENSATED, 0.5)).isEqualTo(1);
            assertThat(seen.drift(Kind.PLAIN, 0.5)).isNaN();
        }
        assertThat(ofHand().isEmpty()).isFalse();
    }

    /** Of ten values: three ones, four twos, three fours. */
    @Test
    void aCutIsTheBinThatComesClosestToTheShare() {
        int[] counts = new int[3 + Magnitudes.BINS];
        int one = Magnitudes.bin(1);
        int two = Magnitudes.bin(2);
        int four = Magnitudes.bin(4);
        counts[0] = 50;
        counts[3 + one] = 3;
        counts[3 + two] = 4;
        counts[3 + four] = 3;
        assertThat(Magnitudes.cut(counts, 3, 10, 0.05)).isEqualTo(one);
        assertThat(Magnitudes.cut(counts, 3, 10, 0.2)).isEqualTo(one + 1);
        assertThat(Magnitudes.cut(counts, 3, 10, 0.3)).isEqualTo(two);
        assertThat(Magnitudes.cut(counts, 3, 10, 0.5)).as("as close").isEqualTo(two);
        assertThat(Magnitudes.cut(counts, 3, 10, 0.6)).isEqualTo(two + 1);
        assertThat(Magnitudes.cut(counts, 3, 10, 1)).isEqualTo(Magnitudes.BINS);
    }

    @Test
    void whatIsBeyondTheBinsIsInTheOutermostOnes() {
        assertThat(Magnitudes.edge(0)).isEqualTo(0x1p-30);
        assertThat(Magnitudes.edge(Magnitudes.BINS)).isEqualTo(0x1p20);
        assertThat(Magnitudes.edge(1)).isEqualTo(0x1p-30 * 33 / 32);
        assertThat(Magnitudes.bin(0x1p-31f)).isZero();
        assertThat(Magnitudes.bin(-0x1p-30f)).isZero();
        assertThat(Magnitudes.bin(-0x1p-29f)).isEqualTo(32);
        assertThat(Magnitudes.bin(Math.nextDown(0x1p20f))).isEqualTo(Magnitudes.BINS - 1);
        assertThat(Magnitudes.bin(0x1p21f)).isEqualTo(Magnitudes.BINS - 1);
    }

    /** Values uniform between 0 and {@code largest}, of either sign. */
    private static void record(
            ShiftStatistics seen, Kind kind, int level, long seed, double largest, boolean decoded) {
        int[] counts = new int[Magnitudes.BINS];
        new Random(seed).doubles(VALUES, -largest, largest).forEach(value -> counts[Magnitudes.bin((float) value)]++);
        seen.record(kind, level, counts, 0, decoded);
    }
}
