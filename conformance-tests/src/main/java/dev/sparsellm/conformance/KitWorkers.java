package dev.sparsellm.conformance;

import dev.sparsellm.spi.WorkerGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A worker group that takes liberties the contract allows, and remembers who takes liberties it does not. */
final class KitWorkers implements WorkerGroup, AutoCloseable {

    /** The names of the kit's own threads begin so. */
    static final String THREAD_NAME = "kit-worker-";

    private final int threads;
    private final boolean backwards;
    private final ExecutorService others;
    private final ThreadLocal<Boolean> inside = ThreadLocal.withInitial(() -> false);
    private final AtomicBoolean nested = new AtomicBoolean();

    private KitWorkers(int threads, boolean backwards) {
        this.threads = threads;
        this.backwards = backwards;
        AtomicInteger number = new AtomicInteger();
        others = threads == 1 ? null : Executors.newFixedThreadPool(threads - 1, work -> {
            Thread thread = new Thread(work, THREAD_NAME + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The caller alone. */
    static KitWorkers one() {
        return new KitWorkers(1, false);
    }

    /** Several threads. */
    static KitWorkers of(int threads) {
        return new KitWorkers(threads, false);
    }

    /** The caller alone, the last part first. */
    static KitWorkers backwards() {
        return new KitWorkers(1, true);
    }

    /** Whether a region was entered from inside a part. */
    boolean wasNested() {
        return nested.get();
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public void run(int parts, Task task) {
        if (inside.get()) {
            nested.set(true);
        }
        if (others == null || parts == 1) {
            boolean before = inside.get();
            inside.set(true);
            try {
                for (int part = 0; part < parts; part++) {
                    task.run(backwards ? parts - 1 - part : part, 0);
                }
            } finally {
                inside.set(before);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> running = new ArrayList<>();
        for (int worker = 1; worker < Math.min(threads, parts); worker++) {
            int number = worker;
            running.add(others.submit(() -> take(next, parts, task, number)));
        }
        RuntimeException failure = null;
        try {
            take(next, parts, task, 0);
        } catch (RuntimeException e) {
            failure = e;
        }
        for (Future<?> other : running) {
            failure = await(other, failure);
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void take(AtomicInteger next, int parts, Task task, int worker) {
        boolean before = inside.get();
        inside.set(true);
        try {
            for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                task.run(part, worker);
            }
        } finally {
            inside.set(before);
        }
    }

    private static RuntimeException await(Future<?> other, RuntimeException before) {
        try {
            other.get();
            return before;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new IllegalStateException("The kit was interrupted", e);
        } catch (ExecutionException e) {
            return e.getCause() instanceof RuntimeException thrown ? thrown : new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        if (others != null) {
            others.shutdownNow();
        }
    }
}
