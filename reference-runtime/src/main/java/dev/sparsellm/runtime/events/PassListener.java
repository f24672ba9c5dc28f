package dev.sparsellm.runtime.events;

import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Usage;
import java.util.SortedMap;
import java.util.function.Supplier;

/** Hears of the passes of one session, on the thread that runs them. */
public interface PassListener {

    /** Hears nothing. */
    PassListener NONE = new PassListener() {
        @Override
        public void begin() {}

        @Override
        public void end(Phase phase, int position, int batch) {}
    };

    /** A pass begins. */
    void begin();

    /** It has ended. */
    void end(Phase phase, int position, int batch);

    /**
     * The flight recorder of this JVM, where it has one.
     *
     * @param lineup the name of who computes
     * @param usages the session's, so far
     */
    static PassListener ofThisJvm(String lineup, Supplier<SortedMap<OperatorKey, Usage>> usages) {
        // Asked for before any class that mentions jdk.jfr is loaded.
        return ModuleLayer.boot().findModule("jdk.jfr").isPresent() ? new PassRecorder(lineup, usages) : NONE;
    }
}
