package dev.sparsellm.runtime.events;

import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Usage;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;

/** Writes the passes of one session into the flight recorder. */
final class PassRecorder implements PassListener {

    private final String lineup;
    private final Supplier<SortedMap<OperatorKey, Usage>> usages;
    // Of the pass under way; null while nobody records.
    private PassEvent event;
    private Map<OperatorKey, Usage> before;

    PassRecorder(String lineup, Supplier<SortedMap<OperatorKey, Usage>> usages) {
        this.lineup = lineup;
        this.usages = usages;
    }

    @Override
    public void begin() {
        PassEvent next = new PassEvent();
        if (!next.isEnabled()) {
            event = null;
            return;
        }
        event = next;
        before = usages.get();
        event.begin();
    }

    @Override
    public void end(Phase phase, int position, int batch) {
        if (event == null) {
            return;
        }
        event.end();
        if (event.shouldCommit()) {
            event.phase = phase.name();
            event.lineup = lineup;
            event.position = position;
            event.batch = batch;
            usages.get().forEach((key, usage) -> {
                Usage ofPass = usage.since(before.getOrDefault(key, Usage.NONE));
                count(key, ofPass);
                record(key, ofPass, phase, position);
            });
            event.commit();
        }
        event = null;
    }

    private void count(OperatorKey key, Usage usage) {
        switch (key.kind()) {
            case FEED_FORWARD -> {
                event.feedForwardKept += usage.kept();
                event.feedForwardTotal += usage.channels();
            }
            case ATTENTION_QUERY -> {
                event.queryKept += usage.kept();
                event.queryTotal += usage.channels();
            }
            case ATTENTION_OUTPUT -> {
                event.outputKept += usage.kept();
                event.outputTotal += usage.channels();
            }
            case ATTENTION_KEY, ATTENTION_VALUE, ACTIVATION, OUTPUT -> {
                event.otherKept += usage.kept();
                event.otherTotal += usage.channels();
            }
        }
        event.weightsRead += usage.bytesRead();
        event.weightsDense += usage.bytesDense();
    }

    private static void record(OperatorKey key, Usage usage, Phase phase, int position) {
        OperatorEvent event = new OperatorEvent();
        if (event.isEnabled() && usage.channels() > 0) {
            event.operator = key.toString();
            event.phase = phase.name();
            event.position = position;
            event.kept = usage.kept();
            event.total = usage.channels();
            event.weightsRead = usage.bytesRead();
            event.commit();
        }
    }
}
