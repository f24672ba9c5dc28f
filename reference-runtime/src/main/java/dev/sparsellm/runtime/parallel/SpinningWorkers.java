package dev.sparsellm.runtime.parallel;

import dev.sparsellm.spi.WorkerGroup;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Daemon threads that spin for a short while after a region, since the next one usually follows within microseconds, and
 * then sleep. On two cores a region of two halves costs about 0.6 µs this way, against 13 µs through an executor.
 *
 * <p>Several sessions may share a group: while one is in a region, another runs its own regions on its own thread alone.
 * Since parts never depend on the number of threads, its results are the same.
 */
public final class SpinningWorkers implements WorkerGroup, AutoCloseable {

    /** How long an idle worker stays awake. Longer than the gaps between the regions of a token, shorter than a tick. */
    private static final long SPIN_NANOS = 60_000;

    /** How long the caller spins for the last parts before it lets others have the core. */
    private static final long WAIT_NANOS = 200_000;

    private static final int SPINS_BETWEEN_CLOCK_READS = 64;

    /** In the place of the next part, as an int −1: there are none to claim. */
    private static final long CLOSED = 0xFFFFFFFFL;

    private static final VarHandle CURSOR;

    static {
        try {
            CURSOR = MethodHandles.lookup().findVarHandle(SpinningWorkers.class, "cursor", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Worker[] workers;
    private final AtomicBoolean inUse = new AtomicBoolean();
    private final AtomicInteger unfinished = new AtomicInteger();

    // The region under way. `cursor` is (region number << 32 | next part): whoever moves it by compare-and-set has
    // claimed that part of that region, and the region cannot end, nor these fields change, before the part has run.
    // An ended region is closed before they change: else a late worker could hold its end against the next one's parts,
    // and claim a part that is not there yet. Hence `parts` is volatile, too: its change must not overtake the closing.
    private volatile long cursor;
    private volatile int parts;
    private Task task;
    private volatile Throwable failure;
    private volatile boolean closed;

    /**
     * Starts {@code threads − 1} workers.
     *
     * @throws IllegalArgumentException if {@code threads} is below 1
     */
    public SpinningWorkers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("The number of threads must be at least 1, was " + threads);
        }
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    @Override
    public int threads() {
        return workers.length + 1;
    }

    @Override
    public void run(int parts, Task task) {
        if (parts <= 1 || workers.length == 0 || !inUse.compareAndSet(false, true)) {
            for (int part = 0; part < parts; part++) {
                task.run(part, 0);
            }
            return;
        }
        try {
            this.task = task;
            this.parts = parts;
            failure = null;
            unfinished.set(parts);
            long region = ((cursor >>> 32) + 1) << 32;
            cursor = region; // publishes the fields above
            for (int i = 0; i < workers.length && i < parts - 1; i++) {
                workers[i].wake();
            }
            claimParts(region, 0);
            awaitOthers();
            cursor = region | CLOSED;
            rethrow(failure);
        } finally {
            this.task = null;
            inUse.set(false);
        }
    }

    /** Runs parts of one region until none is left to claim. */
    private void claimParts(long region, int worker) {
        while (true) {
            long seen = cursor;
            int part = (int) seen;
            if (regionOf(seen) != region || part < 0 || part >= parts) {
                return;
            }
            if (CURSOR.compareAndSet(this, seen, seen + 1)) {
                try {
                    task.run(part, worker);
                } catch (Throwable e) {
                    failure = e;
                } finally {
                    unfinished.decrementAndGet();
                }
            }
        }
    }

    /** The region's part of a cursor: its number, with no part. */
    private static long regionOf(long cursor) {
        return cursor & 0xFFFFFFFF_00000000L;
    }

    private void awaitOthers() {
        long start = 0;
        for (int spins = 1; unfinished.get() > 0; spins++) {
            Thread.onSpinWait();
            if (spins % SPINS_BETWEEN_CLOCK_READS == 0) {
                long now = System.nanoTime();
                start = start == 0 ? now : start;
                if (now - start > WAIT_NANOS) {
                    Thread.yield(); // more runnable threads than cores: the one we wait for may need ours
                }
            }
        }
    }

    private static void rethrow(Throwable failure) {
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("A part ended with a checked exception", failure);
        }
    }

    /** Ends the threads; regions entered afterwards run on their caller alone. */
    @Override
    public void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
        }
        for (Worker worker : workers) {
            try {
                worker.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private final class Worker extends Thread {

        private final int index;
        private volatile boolean asleep;

        Worker(int index) {
            super("sparsellm-worker-" + index);
            this.index = index;
            setDaemon(true);
        }

        void wake() {
            if (asleep) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            long done = regionOf(cursor);
            while (!closed) {
                long region = awaitRegionAfter(done);
                if (region != done) {
                    claimParts(region, index);
                    done = region;
                }
            }
        }

        private long awaitRegionAfter(long done) {
            long start = System.nanoTime();
            while (!closed) {
                for (int i = 0; i < SPINS_BETWEEN_CLOCK_READS; i++) {
                    long region = regionOf(cursor);
                    if (region != done) {
                        return region;
                    }
                    Thread.onSpinWait();
                }
                if (System.nanoTime() - start > SPIN_NANOS) {
                    asleep = true;
                    // Looked at once more after `asleep` is visible: a region published in between is not missed.
                    while (regionOf(cursor) == done && !closed) {
                        LockSupport.park(SpinningWorkers.this);
                    }
                    asleep = false;
                    start = System.nanoTime();
                }
            }
            return done;
        }
    }
}
