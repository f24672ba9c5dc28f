package dev.sparsellm.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sparsellm.runtime.Model;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.util.Callback;

/**
 * Brings what a job writes to the client, and the job to an end where the client goes. HTTP/1.1 does not tell that a
 * client is gone until something is sent to it: so while nothing is written, something that means nothing is, once a
 * second: a comment in a stream, white space before a JSON object.
 */
final class Delivery {

    private static final long HEARTBEAT_NANOS = 1_000_000_000;

    private static final String STREAM = "text/event-stream; charset=utf-8";

    private final Engine engine;
    private final Model model;
    private final Duration timeout;

    Delivery(Engine engine, Model model, Duration timeout) {
        this.engine = engine;
        this.model = model;
        this.timeout = timeout;
    }

    /** @throws IOException if the client is gone; the job is cancelled then */
    void deliver(Job job, Exchange exchange, Callback callback) throws IOException {
        Answer answer = Answer.to(job.order(), model);
        long deadline = System.nanoTime() + timeout.toNanos();
        boolean over = false;
        try {
            if (job.order().stream()) {
                stream(job, answer, exchange, callback, deadline);
            } else {
                whole(job, answer, exchange, callback, deadline);
            }
            over = true;
        } finally {
            if (!over) {
                engine.cancel(job);
            }
        }
    }

    private void whole(Job job, Answer answer, Exchange exchange, Callback callback, long deadline) throws IOException {
        List<TokenProbability> probabilities = new ArrayList<>();
        long beat = System.nanoTime() + HEARTBEAT_NANOS;
        while (true) {
            Optional<Job.Event> event = next(job, Math.min(beat, deadline), deadline);
            if (System.nanoTime() >= beat) {
                if (!exchange.begun()) {
                    exchange.begin(Exchange.JSON);
                }
                exchange.write("\n");
                beat = System.nanoTime() + HEARTBEAT_NANOS;
            }
            if (event.isEmpty()) {
                continue;
            }
            switch (event.get()) {
                case Job.Wrote wrote -> {
                    if (wrote.probability() != null) {
                        probabilities.add(wrote.probability());
                    }
                }
                case Job.Done done -> {
                    finish(exchange, answer.whole(done, probabilities), callback);
                    return;
                }
                case Job.Failed failed -> {
                    fail(exchange, error(failed.failure()), callback);
                    return;
                }
            }
        }
    }

    private static void finish(Exchange exchange, ObjectNode body, Callback callback) {
        if (exchange.begun()) {
            exchange.end(Json.bytes(body), callback);
        } else {
            exchange.answer(body, callback);
        }
    }

    /** With its status, or as an object in place of the answer where the status is sent already. */
    private static void fail(Exchange exchange, ApiException error, Callback callback) {
        if (exchange.begun()) {
            exchange.end(Json.bytes(error.body()), callback);
        } else {
            exchange.fail(error, callback);
        }
    }

    private void stream(Job job, Answer answer, Exchange exchange, Callback callback, long deadline) throws IOException {
        while (true) {
            Optional<Job.Event> first = next(job, Math.min(System.nanoTime() + HEARTBEAT_NANOS, deadline), deadline);
            if (first.isPresent() && !exchange.begun() && first.get() instanceof Job.Failed failed) {
                exchange.fail(error(failed.failure()), callback); // nothing is sent: the status can tell
                return;
            }
            if (!exchange.begun()) {
                exchange.begin(STREAM);
                exchange.write(event(answer.first()));
            }
            if (first.isEmpty()) {
                exchange.write(":\n\n");
                continue;
            }
            // All that is there by now goes in one write, and text with no figures of its own in one event.
            List<Job.Event> events = new ArrayList<>(List.of(first.get()));
            job.drainTo(events);
            StringBuilder out = new StringBuilder();
            for (Job.Wrote wrote : joined(events)) {
                answer.part(wrote).ifPresent(part -> out.append(event(part)));
            }
            switch (events.getLast()) {
                case Job.Wrote more -> exchange.write(out.toString());
                case Job.Done done -> {
                    answer.last(done).forEach(part -> out.append(event(part)));
                    out.append("data: [DONE]\n\n");
                    exchange.end(out.toString().getBytes(StandardCharsets.UTF_8), callback);
                    return;
                }
                case Job.Failed failed -> {
                    out.append(event(error(failed.failure()).body()));
                    exchange.end(out.toString().getBytes(StandardCharsets.UTF_8), callback);
                    return;
                }
            }
        }
    }

    private static List<Job.Wrote> joined(List<Job.Event> events) {
        List<Job.Wrote> joined = new ArrayList<>();
        for (Job.Event event : events) {
            if (!(event instanceof Job.Wrote wrote)) {
                continue;
            }
            Job.Wrote before = joined.isEmpty() ? null : joined.getLast();
            if (before != null && before.probability() == null && wrote.probability() == null) {
                joined.set(joined.size() - 1, new Job.Wrote(before.text() + wrote.text(), null,
                        wrote.progress() == null ? before.progress() : wrote.progress()));
            } else {
                joined.add(wrote);
            }
        }
        return joined;
    }

    private static String event(ObjectNode data) {
        return "data: " + data + "\n\n";
    }

    /** The next event; empty if there is none by {@code until}. Time that is up is an event, too. */
    private Optional<Job.Event> next(Job job, long until, long deadline) throws IOException {
        long now = System.nanoTime();
        if (now >= deadline) {
            engine.cancel(job);
            return Optional.of(new Job.Failed(ApiException.timeout("The answer took longer than " + timeout.toSeconds()
                    + " s, the most this server allows; ask for fewer tokens")));
        }
        try {
            return job.next(Math.max(0, until - now));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static ApiException error(Throwable failure) {
        return switch (failure) {
            case ApiException e -> e;
            case Job.CancelledException e -> ApiException.unavailable("The server is about to end");
            case OutOfMemoryError e -> ApiException.unavailable("The server has too little memory for a request this long");
            default -> ApiException.internal();
        };
    }
}
