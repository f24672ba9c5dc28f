package dev.sparsellm.conformance;

import dev.sparsellm.spi.ProgressSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Watches reports of progress. */
final class KitProgress implements ProgressSink {

    private final Set<String> started = ConcurrentHashMap.newKeySet();
    private final Set<String> open = ConcurrentHashMap.newKeySet();
    private final List<String> faults = new CopyOnWriteArrayList<>();

    @Override
    public Work start(String what, long total) {
        if (what == null || what.isBlank() || total < 0) {
            faults.add("work '" + what + "' of " + total + " units");
        }
        started.add(what);
        open.add(what);
        return new Work() {
            @Override
            public void done(long done) {
                if (done < 0 || done > total) {
                    faults.add("'" + what + "' has done " + done + " of " + total);
                }
            }

            @Override
            public void close() {
                open.remove(what);
            }
        };
    }

    /** All work there was. */
    Set<String> started() {
        return started;
    }

    List<String> faults() {
        List<String> all = new ArrayList<>(faults);
        open.forEach(what -> all.add("'" + what + "' was started and never closed"));
        return all;
    }
}
