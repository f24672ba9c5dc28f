package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockTrialTest {

    private static final long BYTES = 1 << 20;

    /** Ranges in turns, with outliers, until it is settled. */
    private static int ranges(BlockTrial trial, double... nanosPerByte) {
        SplittableRandom random = new SplittableRandom(1);
        int ranges = 0;
        while (trial.settled() < 0) {
            int size = trial.next();
            double noise = random.nextInt(5) == 0 ? 3 : 0.9 + 0.2 * random.nextDouble();
            trial.took(size, BYTES, (long) (BYTES * nanosPerByte[size] * noise));
            ranges++;
        }
        return ranges;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theSizeWithTheLowerMedianStays(int faster) {
        BlockTrial trial = new BlockTrial(2);
        double[] nanos = {0.06, 0.06};
        nanos[faster] = 0.055;
        assertThat(ranges(trial, nanos)).isBetween(4 * BlockTrial.SAMPLES, 4 * BlockTrial.SAMPLES + 2 * BlockTrial.TURN);
        assertThat(trial.settled()).isEqualTo(faster);
        trial.took(1 - faster, BYTES, 1);
        assertThat(trial.settled()).isEqualTo(faster);
    }

    @Test
    void eachSizeIsTriedForSomeTimeByAllThreads() {
        BlockTrial trial = new BlockTrial(2);
        List<Integer> sizes = new ArrayList<>();
        for (int i = 1; i < 4 * BlockTrial.TURN; i++) {
            sizes.add(trial.next());
        }
        assertThat(sizes.subList(0, BlockTrial.TURN - 1)).containsOnly(0);
        assertThat(sizes.subList(BlockTrial.TURN - 1, 2 * BlockTrial.TURN - 1)).containsOnly(1);
        assertThat(sizes.subList(2 * BlockTrial.TURN - 1, 3 * BlockTrial.TURN - 1)).containsOnly(0);
        assertThat(trial.settled()).isEqualTo(-1);
    }

    @Test
    void codeThatIsNotCompiledYetDoesNotCount() {
        BlockTrial trial = new BlockTrial(2);
        for (int i = 0; i < 8 * BlockTrial.SAMPLES; i++) {
            int size = trial.next();
            trial.took(size, BYTES, BYTES * (size == 0 ? 2 : 20));
        }
        assertThat(trial.settled()).isEqualTo(-1);
        ranges(trial, 0.06, 0.05);
        assertThat(trial.settled()).isEqualTo(1);
    }

    @Test
    void theFirstHalfDoesNotCount() {
        BlockTrial trial = new BlockTrial(2);
        for (int size = 0; size < 2; size++) {
            for (int i = 0; i < BlockTrial.SAMPLES; i++) {
                trial.took(size, BYTES, BYTES / (size == 0 ? 10 : 20));
            }
        }
        ranges(trial, 0.05, 0.06);
        assertThat(trial.settled()).isZero();
    }

    @Test
    void aSingleSizeIsNotTried() {
        assertThat(new BlockTrial(1).settled()).isZero();
    }
}
