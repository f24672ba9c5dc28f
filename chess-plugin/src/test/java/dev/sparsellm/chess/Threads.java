package dev.sparsellm.chess;

import dev.sparsellm.spi.WorkerGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A worker group of real threads; parts go to whoever is free. */
final class Threads implements WorkerGroup, AutoCloseable {

    private final int threads;
    private final ExecutorService executor;

    Threads(int threads) {
        this.threads = threads;
        this.executor = Executors.newFixedThreadPool(threads, runnable -> {
            Thread thread = new Thread(runnable, "test-worker");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public void run(int parts, Task task) {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> running = new ArrayList<>();
        for (int worker = 1; worker < Math.min(threads, parts); worker++) {
            int number = worker;
            running.add(executor.submit(() -> runParts(next, parts, task, number)));
        }
        runParts(next, parts, task, 0);
        boolean interrupted = false;
        for (Future<?> future : running) {
            interrupted |= await(future);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits in any case; returns whether there was an interruption. */
    private static boolean await(Future<?> future) {
        boolean interrupted = false;
        while (true) {
            try {
                future.get();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static void runParts(AtomicInteger next, int parts, Task task, int worker) {
        for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
            task.run(part, worker);
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
