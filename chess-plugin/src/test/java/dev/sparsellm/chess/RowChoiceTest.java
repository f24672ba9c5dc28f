package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.kernels.Reading;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Which rows are thinned out, and bounds that follow the text, which no rule of the conformance kit can see. */
class RowChoiceTest {

    private static final int CHANNELS = 1000;

    /** 0.001 to 1: bounds of ±b leave out the first 1000 b. */
    private final float[] values = new float[CHANNELS];

    RowChoiceTest() {
        for (int i = 0; i < CHANNELS; i++) {
            values[i] = (i + 1) / (float) CHANNELS;
        }
    }

    /** Bounds are half a channel off, so that no value lies on one. */
    private static PreparedSite site(double bound, double asked, boolean skips) {
        float[] upper = new float[CHANNELS];
        Arrays.fill(upper, (float) (bound + 0.5 / CHANNELS));
        float[] lower = new float[CHANNELS];
        float[] substitutes = new float[CHANNELS];
        Arrays.fill(substitutes, -7);
        Selection selection = new Selection(lower, upper, substitutes, true, bound, bound);
        return new PreparedSite(selection, null, new float[0], Parts.of(CHANNELS, 1), asked, skips, Reading.FEW_LINES);
    }

    private static RowChoice choice(double bound, double asked, Protection protection) {
        return new RowChoice(site(bound, asked, true), protection, TestDense.KERNELS);
    }

    private static Pass written(int position) {
        return new Pass(Phase.DECODE, position, 1);
    }

    /** How many channels a token keeps, which is then counted. */
    private int keep(RowChoice choice, int position) {
        choice.begin(written(position), 0);
        int kept = list(choice, 0);
        choice.passed(1, kept);
        return kept;
    }

    private int list(RowChoice choice, int row) {
        return choice.list(row, values, 0, 0, CHANNELS, new int[CHANNELS], 0);
    }

    @Test
    void whatLiesOnABoundIsLeftOutAndNotANumberNever() {
        assertThat(Selection.leavesOut(-0.5f, -0.5f, 0.25f)).isTrue();
        assertThat(Selection.leavesOut(0.25f, -0.5f, 0.25f)).isTrue();
        assertThat(Selection.leavesOut(Math.nextUp(0.25f), -0.5f, 0.25f)).isFalse();
        assertThat(Selection.leavesOut(Math.nextDown(-0.5f), -0.5f, 0.25f)).isFalse();
        assertThat(Selection.leavesOut(Float.NaN, -0.5f, 0.25f)).isFalse();
    }

    @Test
    void promptsAndFirstPositionsAreRunAsTheSettingsSay() {
        for (boolean skips : new boolean[] {false, true}) {
            RowChoice dense = new RowChoice(site(0.3, 0.3, skips), new Protection(false, 4, false), TestDense.KERNELS);
            RowChoice masked = new RowChoice(site(0.3, 0.3, skips), new Protection(true, 4, false), TestDense.KERNELS);
            RowChoice.Run writing = skips ? RowChoice.Run.SPARSELY : RowChoice.Run.MASKED;
            assertThat(dense.run(new Pass(Phase.PREFILL, 0, 5))).isEqualTo(RowChoice.Run.EXACTLY);
            assertThat(masked.run(new Pass(Phase.PREFILL, 0, 5))).isEqualTo(RowChoice.Run.MASKED);
            assertThat(masked.run(new Pass(Phase.PREFILL, 1, 3))).isEqualTo(RowChoice.Run.EXACTLY);
            assertThat(dense.run(new Pass(Phase.DECODE, 3, 1))).isEqualTo(RowChoice.Run.EXACTLY);
            assertThat(dense.run(new Pass(Phase.DECODE, 3, 2))).isEqualTo(writing);
            assertThat(dense.run(new Pass(Phase.DECODE, 4, 1))).isEqualTo(writing);
        }
    }

    @Test
    void protectedRowsKeepEveryChannel() {
        RowChoice choice = choice(0.3, 0.3, new Protection(true, 4, false));
        choice.begin(new Pass(Phase.DECODE, 0, 6), 2);
        int[] kept = new int[20];
        Arrays.fill(kept, -1);
        assertThat(choice.list(1, values, 0, 5, 8, kept, 2)).isEqualTo(3);
        assertThat(kept).startsWith(-1, -1, 5, 6, 7, -1);
        assertThat(list(choice, 2)).isEqualTo(700);

        float[] rows = new float[4 + CHANNELS];
        System.arraycopy(values, 0, rows, 4, CHANNELS);
        float[] out = new float[4 + CHANNELS];
        assertThat(choice.mask(1, rows, rows, 4, out, 0, CHANNELS)).isEqualTo(CHANNELS);
        assertThat(out).isEqualTo(rows);
        assertThat(choice.mask(1, rows, out, 4, out, 0, CHANNELS)).isEqualTo(CHANNELS);
        assertThat(out).isEqualTo(rows);
        assertThat(choice.mask(2, rows, rows, 4, out, 0, CHANNELS)).isEqualTo(700);
        assertThat(Arrays.copyOfRange(out, 4, 304)).containsOnly(-7);
        assertThat(Arrays.copyOfRange(out, 304, 1004)).isEqualTo(Arrays.copyOfRange(values, 300, 1000));

        float[] some = new float[4 + CHANNELS];
        assertThat(choice.mask(1, rows, rows, 4, some, 3, 8)).isEqualTo(5);
        assertThat(choice.mask(2, rows, rows, 4, some, 298, 301)).isEqualTo(1);
        assertThat(Arrays.copyOf(some, 13)).containsExactly(0, 0, 0, 0, 0, 0, 0, rows[7], rows[8], rows[9], rows[10], rows[11], 0);
        assertThat(Arrays.copyOfRange(some, 301, 306)).containsExactly(0, -7, -7, rows[304], 0);
    }

    /** log g ← log g + 0.05 · rows · (asked − left out), within a factor of 4. */
    @Test
    void boundsFollowTheShareThatWasAskedFor() {
        for (double[] boundAndAsked : new double[][] {{0.3, 0.5}, {0.6, 0.2}, {0.1, 1}, {0.8, 0}}) {
            RowChoice choice = choice(boundAndAsked[0], boundAndAsked[1], new Protection(false, 0, true));
            double log = 0;
            for (int position = 0, rows; position < 400; position += rows) {
                rows = 1 + position % 3;
                int leftOut = (int) (Math.exp(log) * (1000 * boundAndAsked[0] + 0.5));
                choice.begin(new Pass(Phase.DECODE, position, rows), 0);
                int kept = list(choice, rows - 1);
                assertThat(kept).as("position %d", position).isEqualTo(CHANNELS - leftOut);
                float[] out = new float[CHANNELS];
                assertThat(choice.mask(0, values, values, 0, out, 0, CHANNELS)).isEqualTo(kept);
                choice.passed(rows, (long) rows * kept);
                log = Math.clamp(log + 0.05 * rows * (boundAndAsked[1] - leftOut / 1000.0), -Math.log(4), Math.log(4));
            }
        }
        RowChoice widest = choice(0.1, 1, new Protection(false, 0, true));
        RowChoice narrowest = choice(0.8, 0, new Protection(false, 0, true));
        for (int position = 0; position < 400; position++) {
            keep(widest, position);
            keep(narrowest, position);
        }
        assertThat(keep(widest, 400)).isEqualTo(1000 - 402);
        assertThat(keep(narrowest, 400)).isEqualTo(1000 - 200);
    }

    @Test
    void boundsStayWhereTheyAreUnlessTheyAreHeld() {
        RowChoice choice = choice(0.3, 0.9, new Protection(false, 0, false));
        for (int position = 0; position < 50; position++) {
            assertThat(keep(choice, position)).isEqualTo(700);
        }
    }

    @Test
    void boundsStartAnewWhereATextDoesOrGoesBack() {
        RowChoice choice = choice(0.3, 0.9, new Protection(false, 0, true));
        for (int position = 0; position < 50; position++) {
            keep(choice, position);
        }
        assertThat(keep(choice, 50)).isLessThan(600);
        assertThat(keep(choice, 20)).isEqualTo(700);
        assertThat(keep(choice, 21)).isLessThan(700);
    }

    /** Text that is read moves no bounds, neither run exactly nor masked, and is masked by those of the profile. */
    @Test
    void boundsWaitWhileTextIsRead() {
        RowChoice choice = choice(0.3, 0.9, new Protection(true, 0, true));
        for (int position = 0; position < 50; position++) {
            keep(choice, position);
        }
        int before = keep(choice, 50);
        choice.begin(new Pass(Phase.PREFILL, 51, 3), 0);
        assertThat(choice.mask(0, values, values, 0, new float[CHANNELS], 0, CHANNELS)).isEqualTo(700);
        choice.passed(3, 2100);
        choice.begin(new Pass(Phase.PREFILL, 54, 2), 0);
        choice.passed(2);
        assertThat(keep(choice, 56)).isBetween(before - 20, before);
    }

    @Test
    void protectedPositionsMoveNoBounds() {
        RowChoice choice = choice(0.3, 0.9, new Protection(false, 40, true));
        for (int position = 0; position < 40; position++) {
            assertThat(keep(choice, position)).isEqualTo(CHANNELS);
        }
        assertThat(keep(choice, 40)).isEqualTo(700);
        // 0.05 · (0.9 − 0.3) on a bound of 300.5
        assertThat(keep(choice, 41)).isEqualTo(CHANNELS - 309);
    }
}
