package dev.sparsellm.server;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.serve.ServeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Computes jobs: a few at the same time, the others wait in order, and beyond that none is taken. Only one computes at
 * any moment, with all cores; after each pass over the layers the next has its turn, so that answers grow side by side.
 */
final class Engine implements AutoCloseable {

    private final Model model;
    private final int contextLength;
    private final int room;
    private final Metrics metrics;
    private final Consumer<String> notices;
    private final Semaphore turn = new Semaphore(1, true);
    private final BlockingQueue<Job> waiting = new LinkedBlockingQueue<>();
    private final Set<Job> running = ConcurrentHashMap.newKeySet();
    private final AtomicInteger admitted = new AtomicInteger();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;

    Engine(Model model, ServeOptions options, Metrics metrics) {
        this.model = model;
        this.metrics = metrics;
        contextLength = options.contextLength();
        room = options.parallel() + options.queue();
        notices = options.notices();
        metrics.watch(waiting::size, running::size);
        for (int i = 0; i < options.parallel(); i++) {
            threads.add(Thread.ofPlatform().name("sparsellm-engine-" + (i + 1)).daemon().start(this::work));
        }
    }

    /**
     * Takes a job.
     *
     * @throws ApiException if there is no room, or the server is about to end
     */
    Job submit(Order order, Lineup lineup) {
        if (closed) {
            throw ApiException.unavailable("The server is about to end");
        }
        if (admitted.incrementAndGet() > room) {
            admitted.decrementAndGet();
            throw ApiException.busy("The server has " + room + " requests to do already, as many as it takes; try again later");
        }
        Job job = new Job(order, lineup);
        waiting.add(job);
        return job;
    }

    /** Gives a job up: one that waits makes room at once, one that runs after its pass. */
    void cancel(Job job) {
        job.cancel();
        if (waiting.remove(job)) {
            admitted.decrementAndGet();
        }
    }

    private void work() {
        while (!closed) {
            Job job;
            try {
                job = waiting.take();
            } catch (InterruptedException e) {
                return; // by close()
            }
            running.add(job);
            try {
                run(job);
            } catch (Job.CancelledException e) {
                metrics.cancelled();
                job.tell(new Job.Failed(e));
            } catch (Throwable e) { // whatever it is, the next job wants this thread
                notices.accept("a request failed, " + e.getClass().getSimpleName() + ": " + e.getMessage());
                job.tell(new Job.Failed(e));
            } finally {
                running.remove(job);
                admitted.decrementAndGet();
            }
        }
    }

    private void run(Job job) {
        job.requireWanted();
        Order order = job.order();
        int positions = (int) Math.min(contextLength, (long) order.generation().prompt().length + order.generation().maxTokens());
        turn.acquireUninterruptibly();
        try (Session session = model.newSession(job.lineup(), positions)) {
            Stopwatch watch = new Stopwatch(job, session);
            session.beforeEachPass(() -> {
                watch.pause();
                turn.release();
                turn.acquireUninterruptibly();
                job.requireWanted();
                watch.resume();
            });
            Generation generation = session.generate(order.generation(), (id, text) -> {
                TokenProbability probability = null;
                if (id >= 0) {
                    watch.wrote();
                    if (order.logprobs() >= 0) {
                        probability = TokenProbability.of(model.tokenizer(), session.logits(), id, order.logprobs());
                    }
                }
                job.tell(new Job.Wrote(text, probability, order.live() ? watch.sometimes() : null));
                return !job.cancelled();
            });
            job.requireWanted();
            Job.Progress progress = watch.end(generation);
            metrics.generated(order.provider(), progress);
            job.tell(new Job.Done(generation, progress));
        } finally {
            turn.release();
        }
    }

    /** Cancels all jobs and ends the threads. */
    @Override
    public void close() {
        closed = true;
        for (Job job : waiting) {
            cancel(job);
            job.tell(new Job.Failed(new Job.CancelledException()));
        }
        running.forEach(Job::cancel);
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
