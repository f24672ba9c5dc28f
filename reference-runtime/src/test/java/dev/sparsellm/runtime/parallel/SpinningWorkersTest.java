package dev.sparsellm.runtime.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SpinningWorkersTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void everyPartRunsOnceAndIsVisibleToTheCaller(int threads) {
        try (SpinningWorkers workers = new SpinningWorkers(threads)) {
            for (int region = 0; region < 20_000; region++) {
                int parts = region % 37;
                int[] runs = new int[parts];
                workers.run(parts, (part, worker) -> runs[part]++);
                assertThat(runs).containsOnly(parts == 0 ? new int[0] : new int[] {1});
            }
        }
    }

    @Test
    void workerIndicesAreInRangeAndNeverSharedAtTheSameTime() {
        try (SpinningWorkers workers = new SpinningWorkers(4)) {
            AtomicIntegerArray inside = new AtomicIntegerArray(4);
            for (int region = 0; region < 2_000; region++) {
                workers.run(16, (part, worker) -> {
                    assertThat(inside.incrementAndGet(worker)).isEqualTo(1);
                    Thread.onSpinWait();
                    inside.decrementAndGet(worker);
                });
            }
        }
    }

    @Test
    void sleepingWorkersWakeForTheNextRegion() {
        try (SpinningWorkers workers = new SpinningWorkers(2)) {
            for (int region = 0; region < 200; region++) {
                LockSupport.parkNanos(300_000); // longer than a worker spins
                int[] runs = new int[8];
                workers.run(8, (part, worker) -> runs[part]++);
                assertThat(runs).containsOnly(1);
            }
        }
    }

    @Test
    void whatAPartThrowsReachesTheCallerAfterAllPartsHaveEnded() {
        try (SpinningWorkers workers = new SpinningWorkers(3)) {
            int[] runs = new int[10];
            assertThatThrownBy(() -> workers.run(10, (part, worker) -> {
                        runs[part]++;
                        if (part == 3) {
                            throw new IllegalStateException("part 3");
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("part 3");
            assertThat(runs).containsOnly(1);
            workers.run(2, (part, worker) -> runs[part]++);
            assertThat(runs[0]).isEqualTo(2);
        }
    }

    @Test
    void callersAtTheSameTimeDoNotDisturbEachOther() throws InterruptedException {
        try (SpinningWorkers workers = new SpinningWorkers(2)) {
            Thread[] callers = new Thread[4];
            boolean[] good = new boolean[callers.length];
            for (int c = 0; c < callers.length; c++) {
                int caller = c;
                callers[c] = new Thread(() -> {
                    boolean all = true;
                    for (int region = 0; region < 5_000; region++) {
                        int[] runs = new int[5];
                        workers.run(5, (part, worker) -> runs[part]++);
                        all &= java.util.Arrays.stream(runs).allMatch(n -> n == 1);
                    }
                    good[caller] = all;
                });
                callers[c].start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(good).containsOnly(true);
        }
    }

    @Test
    void refusesToWorkWithoutAnyThread() {
        assertThatThrownBy(() -> new SpinningWorkers(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
