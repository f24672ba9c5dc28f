package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class HeapWatchTest {

    private static final long MIB = 1 << 20;

    private final AtomicLong used = new AtomicLong(100 * MIB);
    private final Semaphore collected = new Semaphore(0);
    private final Semaphore looked = new Semaphore(0);

    private HeapWatch watch() {
        return new HeapWatch(
                        () -> {
                            looked.release();
                            return used.get();
                        },
                        () -> {
                            used.set(120 * MIB);
                            collected.release();
                        },
                        1)
                .started();
    }

    /** Waits until the heap has been looked at that often again. */
    private void looks(int times) throws InterruptedException {
        looked.drainPermits();
        looked.acquire(times);
    }

    @Test
    @Timeout(60)
    void what_grows_by_half_and_some_is_collected_and_then_measured_anew() throws InterruptedException {
        try (HeapWatch _ = watch()) {
            looks(3);
            used.set(182 * MIB); // 100 and a half and 32
            looks(3);
            assertThat(collected.tryAcquire()).isFalse();
            used.set(183 * MIB);
            collected.acquire();
            looks(3);
            used.set(212 * MIB); // 120 likewise
            looks(3);
            assertThat(collected.tryAcquire()).isFalse();
            used.set(213 * MIB);
            collected.acquire();
        }
    }

    @Test
    void nobody_looks_any_more_once_it_is_closed() throws InterruptedException {
        watch().close();
        Thread.sleep(Duration.ofMillis(200));
        looked.drainPermits();
        assertThat(looked.tryAcquire(100, TimeUnit.MILLISECONDS)).isFalse();
    }
}
