package dev.sparsellm.runtime.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Ends a command early and in order: Ctrl-C makes the JVM run its shutdown hooks, one of them asks here and waits a
 * moment until the command has written its last line.
 */
final class Cancellation {

    /** A token of the largest models takes about as long; afterwards the JVM goes anyway. */
    private static final long PATIENCE_SECONDS = 3;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean requested;
    private volatile boolean responsive;
    private volatile Thread worker;

    /** Whether to stop at the next occasion. */
    boolean requested() {
        return requested;
    }

    void request() {
        requested = true;
        Thread interrupted = worker;
        if (interrupted != null) {
            interrupted.interrupt();
        }
    }

    /** A new start, for a conversation that goes on after a reply was cut short. */
    void clear() {
        requested = false;
    }

    /** Runs something that looks at {@link #requested} often, so that waiting for it pays. */
    <T> T during(Supplier<T> work) {
        responsive = true;
        try {
            return work.get();
        } finally {
            responsive = requested;
        }
    }

    /** Runs something that ends in order soon after its thread is interrupted. */
    void interrupting(Runnable work) {
        worker = Thread.currentThread();
        try {
            during(() -> {
                work.run();
                return null;
            });
        } finally {
            worker = null;
            Thread.interrupted();
        }
    }

    /** Says that the command is over. */
    void ended() {
        ended.countDown();
    }

    /** Asks the command to stop, and waits for it if it is listening. */
    void requestAndWait() {
        request();
        if (responsive) {
            try {
                ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
