package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Thresholds from histograms against those from all values, on activations shaped like a model's. */
class ThresholdSolverTest {

    private static final int CHANNELS = 96;
    private static final int POSITIONS = 4000;
    private static float[] gate; // [positions][channels]
    private static float[] activated; // [positions][channels]
    private static float[] up; // [positions][channels]
    private static double[] norms; // [channels]

    @BeforeAll
    static void draw() {
        Random random = new Random(5);
        gate = new float[POSITIONS * CHANNELS];
        activated = new float[gate.length];
        up = new float[gate.length];
        norms = new double[CHANNELS];
        double[] mean = new double[CHANNELS];
        double[] deviation = new double[CHANNELS];
        for (int c = 0; c < CHANNELS; c++) {
            mean[c] = random.nextGaussian(-0.8, 0.7);
            deviation[c] = Math.exp(random.nextGaussian(-0.3, 0.5));
            norms[c] = Math.exp(random.nextGaussian(0, 0.3));
        }
        for (int i = 0; i < gate.length; i++) {
            int c = i % CHANNELS;
            double common = random.nextGaussian();
            gate[i] = (float) (mean[c] + deviation[c] * common);
            activated[i] = (float) Silu.of(gate[i]);
            up[i] = (float) (0.2 * c / CHANNELS + 0.5 * common + deviation[c] * random.nextGaussian());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0,0.05", "0,0.5", "0,0.95", "1,0.05", "1,0.3", "1,0.5", "1,0.7", "1,0.95", "4,0.1", "4,0.5", "4,0.9",
        "8,0.05", "8,0.5", "8,0.95"
    })
    void limitsLeaveOutTheShareAskedForAndAgreeWithTheKthValue(int resolution, double share) {
        double tolerance = resolution == 0 ? 0.02 : resolution < 4 ? 0.006 : 0.0005;
        for (boolean weighted : new boolean[] {false, true}) {
            double[] weights = new double[CHANNELS];
            Arrays.setAll(weights, c -> weighted ? norms[c] : 1);
            Selection selection = hidden(resolution).solve(weights, share, 1, false);
            assertThat(selection.share()).isCloseTo(share, within(1e-6));
            assertThat(droppedShare(selection, activated)).isCloseTo(share, within(tolerance));
            double exactTau = kthScore(activated, weights, share);
            int between = 0;
            for (int i = 0; i < activated.length; i++) {
                double score = Math.abs(activated[i]) * weights[i % CHANNELS];
                between += (score <= exactTau) != (score <= selection.tau()) ? 1 : 0;
            }
            assertThat((double) between / activated.length).isLessThan(tolerance);
            assertThat(selection.substitutes()).containsOnly(0);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,0.3", "1,0.7", "8,0.3", "8,0.5", "8,0.7"})
    void whatIsLeftOutCountsWithItsMean(int resolution, double share) {
        Selection hidden = hidden(resolution).solve(norms, share, 1, true);
        Selection inputs = inputs(resolution).solve(norms, share, 1, true);
        float[] products = new float[up.length];
        for (int i = 0; i < up.length; i++) {
            products[i] = activated[i] * up[i];
        }
        // With two bins an octave a few channels that lose one steep end of a bin make up nearly all of the error.
        double tolerance = resolution == 8 ? 0.01 : 0.3;
        assertThat(meanError(hidden, activated, products)).isLessThan(tolerance);
        assertThat(meanError(inputs, up, up)).isLessThan(tolerance);
    }

    @ParameterizedTest
    @CsvSource({"1,0.3", "1,0.5", "1,0.7", "8,0.3", "8,0.5", "8,0.7", "8,0.9"})
    void choosingByTheErrorLeftLeavesLessOfIt(int resolution, double share) {
        float[] products = new float[up.length];
        double[] weights = new double[CHANNELS];
        for (int i = 0; i < up.length; i++) {
            products[i] = activated[i] * up[i];
            weights[i % CHANNELS] += (double) up[i] * up[i] / POSITIONS;
        }
        float[] columns = new float[CHANNELS];
        for (int c = 0; c < CHANNELS; c++) {
            columns[c] = (float) norms[c];
            weights[c] = Math.sqrt(weights[c]) * norms[c];
        }
        Selection plus = hidden(resolution).solve(weights, share, 1, true);
        Selection byError = hidden(resolution).solveByError(columns, share, 1);
        assertThat(byError.share()).isCloseTo(share, within(1e-6));
        assertThat(droppedShare(byError, activated)).isCloseTo(share, within(resolution == 8 ? 0.002 : 0.01));
        assertThat(outputError(byError, activated, products))
                .isLessThan(outputError(plus, activated, products));

        Selection outputs = inputs(resolution).solveByError(columns, share, 1);
        assertThat(outputs.share()).isCloseTo(share, within(1e-6));
        Selection byMagnitude = inputs(resolution).solve(norms, share, 1, true);
        assertThat(outputError(outputs, up, up)).isLessThan(outputError(byMagnitude, up, up));
    }

    /** Σ (value − m)² ‖W[:,i]‖² over what is left out. */
    private static double outputError(Selection selection, float[] tested, float[] values) {
        double error = 0;
        for (int i = 0; i < tested.length; i++) {
            int c = i % CHANNELS;
            if (Selection.leavesOut(tested[i], selection.lower()[c], selection.upper()[c])) {
                error += Math.pow((values[i] - selection.substitutes()[c]) * norms[c], 2);
            }
        }
        return error;
    }

    @Test
    void inputsAreChosenByMagnitudeTimesNorm() {
        Selection selection = inputs(4).solve(norms, 0.5, 1, true);
        assertThat(droppedShare(selection, up)).isCloseTo(0.5, within(0.001));
        for (int c = 0; c < CHANNELS; c++) {
            assertThat(selection.upper()[c] * norms[c]).isCloseTo(selection.tau(), within(selection.tau() * 1e-5));
            assertThat(selection.lower()[c]).isEqualTo(-selection.upper()[c]);
        }
    }

    @Test
    void aChannelWorthNothingIsAlwaysLeftOutAndTheOthersMakeUpForIt() {
        double[] weights = norms.clone();
        weights[3] = 0;
        Selection selection = hidden(4).solve(weights, 0.5, 1, true);
        assertThat(selection.upper()[3]).isEqualTo(Float.MAX_VALUE);
        assertThat(droppedShare(selection, activated)).isCloseTo(0.5, within(0.001));
    }

    @Test
    void catsIsChessWithAllWeightsOne() {
        SiteStatistics seen = statistics(4);
        float[] flat = new float[CHANNELS];
        Arrays.fill(flat, 1);
        Profile.Place place = new Profile.Place(seen, flat, new ShiftStatistics());
        float[] allOnes = new float[up.length];
        Arrays.fill(allOnes, 1);
        SiteStatistics unit = new SiteStatistics(Site.FEED_FORWARD, seen.grid(), CHANNELS);
        unit.recordHidden(gate, activated, allOnes, POSITIONS, 0, CHANNELS);
        for (boolean rms : new boolean[] {false, true}) {
            double[] cats = Method.CATS.weights(Site.FEED_FORWARD, place, POSITIONS, rms);
            double[] chess = Method.CHESS.weights(
                    Site.FEED_FORWARD, new Profile.Place(unit, flat, new ShiftStatistics()), POSITIONS, rms);
            assertThat(chess).isEqualTo(cats).containsOnly(1);
        }
    }

    @Test
    void weightsAreMeanAndRootMeanSquareOfUp() {
        float[] flat = new float[CHANNELS];
        for (int c = 0; c < CHANNELS; c++) {
            flat[c] = (float) norms[c];
        }
        Profile.Place place = new Profile.Place(statistics(0), flat, new ShiftStatistics());
        double[] mean = Method.CHESS.weights(Site.FEED_FORWARD, place, POSITIONS, false);
        double[] rms = Method.CHESS.weights(Site.FEED_FORWARD, place, POSITIONS, true);
        double[] plus = Method.CHESS_PLUS.weights(Site.FEED_FORWARD, place, POSITIONS, false);
        for (int c = 0; c < CHANNELS; c++) {
            double sum = 0;
            double squares = 0;
            for (int i = c; i < up.length; i += CHANNELS) {
                sum += Math.abs(up[i]);
                squares += (double) up[i] * up[i];
            }
            assertThat(mean[c]).isCloseTo(sum / POSITIONS, within(1e-12));
            assertThat(rms[c]).isCloseTo(Math.sqrt(squares / POSITIONS), within(1e-12));
            assertThat(plus[c]).isCloseTo(rms[c] * flat[c], within(1e-12));
        }
    }

    @Test
    void whereMoreIsWorthNothingThanShallBeLeftOutAllElseIsKept() {
        SiteStatistics seen = new SiteStatistics(Site.OUTPUT, Site.OUTPUT.grid(4), 2);
        for (int i = 1; i <= 50; i++) {
            seen.recordInputs(new float[] {i, i}, 1, 0, 2);
        }
        Selection selection = new ThresholdSolver(Site.OUTPUT, seen).solve(new double[] {0, 1}, 0.25, 1, false);
        assertThat(selection.share()).isEqualTo(0.5);
        assertThat(selection.tau()).isPositive().isLessThan(0x1p-60);
        assertThat(selection.upper()[0]).isEqualTo(Float.MAX_VALUE);
        assertThat(selection.lower()[0]).isEqualTo(-Float.MAX_VALUE);
    }

    /** What the heads give is left out near its mean, what Q reads near zero. */
    @Test
    void onlyAtTheHeadsAreBoundsAroundTheMean() {
        float[] columns = {1, 2};
        for (Site site : new Site[] {Site.QUERY, Site.OUTPUT}) {
            SiteStatistics seen = new SiteStatistics(site, site.grid(8), 2);
            for (int i = 1; i < 100; i++) {
                seen.recordInputs(new float[] {3 + i / 100f, i / 100f - 2.5f}, 1, 0, 2);
            }
            Selection selection = new ThresholdSolver(site, seen).solveByError(columns, 0.5, 1);
            double[] centres = site == Site.OUTPUT ? new double[] {3.5, -2} : new double[2];
            for (int c = 0; c < 2; c++) {
                assertThat((selection.lower()[c] + selection.upper()[c]) / 2.0).isCloseTo(centres[c], within(0.002));
                assertThat((selection.upper()[c] - selection.lower()[c]) / 2.0)
                        .isCloseTo(selection.tau() / columns[c], within(1e-6));
            }
            assertThat(new ThresholdSolver(site, seen).solveByError(columns, 0.5, 0.75).tau())
                    .isCloseTo(0.75 * selection.tau(), within(1e-12));
        }
    }

    private static ThresholdSolver hidden(int resolution) {
        return new ThresholdSolver(Site.FEED_FORWARD, statistics(resolution));
    }

    private static ThresholdSolver inputs(int resolution) {
        SiteStatistics seen = new SiteStatistics(Site.OUTPUT, Site.OUTPUT.grid(resolution), CHANNELS);
        seen.recordInputs(up, POSITIONS, 0, CHANNELS);
        return new ThresholdSolver(Site.OUTPUT, seen);
    }

    private static SiteStatistics statistics(int resolution) {
        SiteStatistics seen = new SiteStatistics(Site.FEED_FORWARD, Site.FEED_FORWARD.grid(resolution), CHANNELS);
        seen.recordHidden(gate, activated, up, POSITIONS, 0, CHANNELS);
        return seen;
    }

    private static double kthScore(float[] values, double[] weights, double share) {
        double[] scores = new double[values.length];
        Arrays.setAll(scores, i -> Math.abs(values[i]) * weights[i % CHANNELS]);
        Arrays.sort(scores);
        return scores[(int) (scores.length * share) - 1];
    }

    private static double droppedShare(Selection selection, float[] values) {
        int dropped = 0;
        for (int i = 0; i < values.length; i++) {
            int c = i % CHANNELS;
            dropped += Selection.leavesOut(values[i], selection.lower()[c], selection.upper()[c]) ? 1 : 0;
        }
        return (double) dropped / values.length;
    }

    /** Σ_c (m_c − exact mean)² / Σ_c (mean square of what is left out), rooted. */
    private static double meanError(Selection selection, float[] tested, float[] values) {
        double error = 0;
        double power = 0;
        for (int c = 0; c < CHANNELS; c++) {
            double sum = 0;
            double squares = 0;
            int count = 0;
            for (int i = c; i < tested.length; i += CHANNELS) {
                if (Selection.leavesOut(tested[i], selection.lower()[c], selection.upper()[c])) {
                    sum += values[i];
                    squares += values[i] * values[i];
                    count++;
                }
            }
            double mean = count == 0 ? 0 : sum / count;
            error += Math.pow(selection.substitutes()[c] - mean, 2);
            power += count == 0 ? 0 : squares / count;
        }
        return Math.sqrt(error / power);
    }
}
