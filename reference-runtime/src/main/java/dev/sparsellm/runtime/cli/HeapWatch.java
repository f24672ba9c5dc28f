package dev.sparsellm.runtime.cli;

import java.util.function.LongSupplier;

/**
 * Keeps the heap near what is in use, while sessions come and go. The serial collector, which the launcher chooses since it
 * gives memory back, collects what has grown old only when the heap is full, at half of the machine's memory; on the way
 * there a server takes more with every request, though each needs some megabytes for a while (1B in Q8_0 under CHESS: 266
 * MB more after 30 requests of two tokens each, and 32 at most with this). A collection takes 0.1 s there, once in some requests.
 */
final class HeapWatch implements AutoCloseable {

    /** What may be garbage, besides half of what was not. */
    private static final long SLACK = 32L << 20;

    private static final long EVERY_MILLIS = 500;

    private final LongSupplier used;
    private final Runnable collection;
    private final long everyMillis;
    private final Thread thread = new Thread(this::watch, "heap-watch");

    HeapWatch(LongSupplier used, Runnable collection, long everyMillis) {
        this.used = used;
        this.collection = collection;
        this.everyMillis = everyMillis;
    }

    /** Watches the heap of this JVM until closed. */
    static HeapWatch start() {
        Runtime jvm = Runtime.getRuntime();
        return new HeapWatch(() -> jvm.totalMemory() - jvm.freeMemory(), System::gc, EVERY_MILLIS).started();
    }

    HeapWatch started() {
        thread.setDaemon(true);
        thread.start();
        return this;
    }

    private void watch() {
        long kept = used.getAsLong();
        try {
            while (true) {
                Thread.sleep(everyMillis);
                if (used.getAsLong() > kept + kept / 2 + SLACK) {
                    collection.run();
                    kept = used.getAsLong();
                }
            }
        } catch (InterruptedException closed) {
            // Nothing to do: the thread ends.
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
