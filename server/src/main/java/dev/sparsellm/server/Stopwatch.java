package dev.sparsellm.server;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.quality.Usages;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Usage;
import java.util.SortedMap;
import java.util.TreeMap;

/** Measures a job that computes in turns with others: its own time only. Used by the thread that computes. */
final class Stopwatch {

    /** Between two looks at what operators have done. */
    private static final long SELDOM_NANOS = 100_000_000;

    private final Session session;
    private final int promptTokens;
    private final SortedMap<OperatorKey, Usage> ofPrompt = new TreeMap<>();
    private long since = System.nanoTime();
    private long looked;
    private long prefill;
    private long decode;
    private int tokens;

    Stopwatch(Job job, Session session) {
        this.session = session;
        promptTokens = job.order().generation().prompt().length;
    }

    void pause() {
        add(System.nanoTime());
    }

    void resume() {
        since = System.nanoTime();
    }

    private void add(long now) {
        if (tokens == 0) {
            prefill += now - since;
        } else {
            decode += now - since;
        }
        since = now;
    }

    /** A token is there; with the first one ends the reading of the prompt. */
    void wrote() {
        add(System.nanoTime());
        if (tokens++ == 0) {
            ofPrompt.putAll(session.usages());
        }
    }

    /** How far it is; null where somebody has been told only just now. */
    Job.Progress sometimes() {
        if (since - looked < SELDOM_NANOS && tokens > 1) {
            return null;
        }
        looked = since;
        return progress(Math.max(0, tokens - 1));
    }

    Job.Progress end(Generation generation) {
        add(System.nanoTime());
        return progress(generation.decodePasses());
    }

    private Job.Progress progress(int passes) {
        SortedMap<OperatorKey, Usage> usage = new TreeMap<>();
        if (tokens > 0) {
            Usages.add(usage, session.usages(), ofPrompt);
        }
        return new Job.Progress(promptTokens, tokens, prefill, decode, passes, usage);
    }
}
