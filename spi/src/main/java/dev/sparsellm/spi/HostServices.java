package dev.sparsellm.spi;

import java.nio.file.Path;

/** What the host does for a provider while it prepares, and the dense operators it can fall back on for ever. */
public interface HostServices {

    /** The level of the host's contract, {@link ApiLevel#CURRENT} of the jar it was compiled against. */
    int apiLevel();

    /** Threads for the work of preparing; sessions bring their own in the {@link SessionContext}. */
    WorkerGroup workers();

    /** The host's exact operators. */
    DenseOperators dense();

    /** Runs text through the model, for calibration: a runner of the caller's own, for one thread at a time. */
    TextRunner text();

    /**
     * Where files may be kept for the next run. It may not exist yet, may be read-only or vanish, and is shared by other
     * processes: a provider that cannot read or write there works without.
     */
    Path cacheDirectory();

    /** Where to report anything that takes longer than a second. */
    ProgressSink progress();

    /** Tells the user one thing worth knowing, in one line: a fall-back taken, a cache that could not be written. */
    void notice(String message);
}
