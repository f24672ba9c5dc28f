package dev.sparsellm.conformance.example;

import dev.sparsellm.spi.WorkerGroup;

/** Threads that wait for parts of one region at a time. */
final class TinyWorkers implements WorkerGroup, AutoCloseable {

    private final int threads;
    private final Object oneRegion = new Object();
    // All guarded by this group's monitor:
    private Task task;
    private int parts;
    private int next;
    private int running;
    private RuntimeException failure;
    private boolean closed;

    TinyWorkers(int threads) {
        this.threads = threads;
        for (int worker = 1; worker < threads; worker++) {
            int number = worker;
            Thread.ofPlatform().daemon().name("tiny-worker-" + number).start(() -> waitAndWork(number));
        }
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public void run(int count, Task body) {
        synchronized (oneRegion) { // sessions take turns
            synchronized (this) {
                task = body;
                parts = count;
                next = 0;
                failure = null;
                notifyAll();
            }
            work(0);
            synchronized (this) {
                while (running > 0) {
                    waitForChange();
                }
                task = null;
                if (failure != null) {
                    throw failure;
                }
            }
        }
    }

    private void waitAndWork(int worker) {
        while (true) {
            synchronized (this) {
                while (!closed && (task == null || next >= parts)) {
                    waitForChange();
                }
                if (closed) {
                    return;
                }
            }
            work(worker);
        }
    }

    private void work(int worker) {
        while (true) {
            Task body;
            int part;
            synchronized (this) {
                if (task == null || next >= parts) {
                    return;
                }
                body = task;
                part = next++;
                running++;
            }
            RuntimeException thrown = null;
            try {
                body.run(part, worker);
            } catch (RuntimeException e) {
                thrown = e;
            }
            synchronized (this) {
                running--;
                failure = thrown == null ? failure : thrown;
                notifyAll();
            }
        }
    }

    private void waitForChange() {
        try {
            wait();
        } catch (InterruptedException e) {
            throw new IllegalStateException("Interrupted while a region ran", e);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
