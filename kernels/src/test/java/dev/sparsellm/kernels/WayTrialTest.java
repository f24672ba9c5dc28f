package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WayTrialTest {

    private static final long BYTES = 1 << 20;

    /** Ranges in turns, with outliers, until it is settled. */
    private static int ranges(WayTrial trial, double... nanosPerByte) {
        SplittableRandom random = new SplittableRandom(1);
        int ranges = 0;
        while (trial.settled() < 0) {
            int way = trial.next();
            double noise = random.nextInt(5) == 0 ? 3 : 0.9 + 0.2 * random.nextDouble();
            trial.took(way, BYTES, (long) (BYTES * nanosPerByte[way] * noise));
            ranges++;
        }
        return ranges;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theWayWithTheLowerMedianStays(int faster) {
        WayTrial trial = new WayTrial(2);
        double[] nanos = {0.06, 0.06};
        nanos[faster] = 0.055;
        assertThat(ranges(trial, nanos)).isBetween(4 * WayTrial.SAMPLES, 4 * WayTrial.SAMPLES + 2 * WayTrial.TURN);
        assertThat(trial.settled()).isEqualTo(faster);
        trial.took(1 - faster, BYTES, 1);
        assertThat(trial.settled()).isEqualTo(faster);
    }

    @Test
    void eachWayIsTriedForSomeTimeByAllThreads() {
        WayTrial trial = new WayTrial(2);
        List<Integer> ways = new ArrayList<>();
        for (int i = 1; i < 4 * WayTrial.TURN; i++) {
            ways.add(trial.next());
        }
        assertThat(ways.subList(0, WayTrial.TURN - 1)).containsOnly(0);
        assertThat(ways.subList(WayTrial.TURN - 1, 2 * WayTrial.TURN - 1)).containsOnly(1);
        assertThat(ways.subList(2 * WayTrial.TURN - 1, 3 * WayTrial.TURN - 1)).containsOnly(0);
        assertThat(trial.settled()).isEqualTo(-1);
    }

    @Test
    void codeThatIsNotCompiledYetDoesNotCount() {
        WayTrial trial = new WayTrial(2);
        for (int i = 0; i < 8 * WayTrial.SAMPLES; i++) {
            int way = trial.next();
            trial.took(way, BYTES, BYTES * (way == 0 ? 2 : 20));
        }
        assertThat(trial.settled()).isEqualTo(-1);
        ranges(trial, 0.06, 0.05);
        assertThat(trial.settled()).isEqualTo(1);
    }

    @Test
    void theFirstHalfDoesNotCount() {
        WayTrial trial = new WayTrial(2);
        for (int way = 0; way < 2; way++) {
            for (int i = 0; i < WayTrial.SAMPLES; i++) {
                trial.took(way, BYTES, BYTES / (way == 0 ? 10 : 20));
            }
        }
        ranges(trial, 0.05, 0.06);
        assertThat(trial.settled()).isZero();
    }

    @Test
    void aSingleWayIsNotTried() {
        assertThat(new WayTrial(1).settled()).isZero();
    }
}
