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

    /** Values uniform between 0 and {@code largest}, of either sign. */
    private static void record(
            ShiftStatistics seen, Kind kind, int level, long seed, double largest, boolean decoded) {
        int[] counts = new int[Magnitudes.BINS];
        new Random(seed).doubles(VALUES, -largest, largest).forEach(value -> counts[Magnitudes.bin((float) value)]++);
        seen.record(kind, level, counts, 0, decoded);
    }
}
