package dev.sparsellm.server;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Usage;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An order on its way through the engine: what comes of it, event by event, and whether anyone still wants it. */
final class Job {

    /** What happens to a job. The last event is {@link Done} or {@link Failed}. */
    sealed interface Event permits Wrote, Done, Failed {}

    /**
     * Text was written.
     *
     * @param text whole characters; may be empty
     * @param probability how likely the token was; null where nobody asked, and for text with no token of its own
     * @param progress speed and sparsity so far; null most of the time
     */
    record Wrote(String text, TokenProbability probability, Progress progress) implements Event {}

    /** All is written. */
    record Done(Generation generation, Progress progress) implements Event {}

    /** The engine gave up. */
    record Failed(Throwable failure) implements Event {}

    /**
     * How far a job is. Times are those of its own computing, not of waiting for its turn.
     *
     * @param promptTokens tokens read
     * @param tokens tokens written
     * @param prefillNanos time to read
     * @param decodeNanos time to write
     * @param passes what writing took, in passes over the layers
     * @param usage what operators did while writing
     */
    record Progress(int promptTokens, int tokens, long prefillNanos, long decodeNanos, int passes,
            SortedMap<OperatorKey, Usage> usage) {

        double tokensPerSecond() {
            return decodeNanos == 0 ? 0 : passes * 1e9 / decodeNanos;
        }

        double promptTokensPerSecond() {
            return prefillNanos == 0 ? 0 : promptTokens * 1e9 / prefillNanos;
        }
    }

    /** Thrown on the engine's thread where nobody wants the job any more. */
    static final class CancelledException extends RuntimeException {

        private static final long serialVersionUID = 1;

        CancelledException() {
            super("cancelled", null, false, false);
        }
    }

    private final Order order;
    private final Lineup lineup;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private volatile boolean cancelled;

    Job(Order order, Lineup lineup) {
        this.order = order;
        this.lineup = lineup;
    }

    Order order() {
        return order;
    }

    Lineup lineup() {
        return lineup;
    }

    void tell(Event event) {
        events.add(event);
    }

    /** The next event; empty if there was none for a while. */
    Optional<Event> next(long nanos) throws InterruptedException {
        return Optional.ofNullable(events.poll(nanos, TimeUnit.NANOSECONDS));
    }

    /** What else has happened by now. */
    void drainTo(List<Event> all) {
        events.drainTo(all);
    }

    /** Ends the job before its next pass. */
    void cancel() {
        cancelled = true;
    }

    boolean cancelled() {
        return cancelled;
    }

    /** @throws CancelledException if nobody wants it any more */
    void requireWanted() {
        if (cancelled) {
            throw new CancelledException();
        }
    }
}
