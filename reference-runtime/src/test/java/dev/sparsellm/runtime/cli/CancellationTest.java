package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class CancellationTest {

    @Test
    @Timeout(30)
    void aRequestInterruptsWorkThatWantsItAndWaitsForItsEnd() throws InterruptedException {
        Cancellation cancellation = new Cancellation();
        CountDownLatch started = new CountDownLatch(1);
        AtomicBoolean keptWhatItHad = new AtomicBoolean();
        AtomicBoolean stillInterrupted = new AtomicBoolean();
        Thread worker = new Thread(() -> {
            cancellation.interrupting(() -> {
                started.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    keptWhatItHad.set(true);
                    Thread.currentThread().interrupt();
                }
            });
            stillInterrupted.set(Thread.currentThread().isInterrupted());
            cancellation.ended();
        });
        worker.start();
        assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
        cancellation.requestAndWait();
        assertThat(keptWhatItHad).isTrue();
        worker.join();
        // What is left of the command, such as its last line, is not disturbed.
        assertThat(stillInterrupted).isFalse();
    }
}
