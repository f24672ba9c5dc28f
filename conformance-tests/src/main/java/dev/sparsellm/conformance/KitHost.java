package dev.sparsellm.conformance;

import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The kit as a host. */
final class KitHost implements HostServices {

    private final TinyModel model;
    private final WorkerGroup workers;
    private final DenseOperators dense;
    private final Path cache;
    private final KitProgress progress = new KitProgress();
    private final List<String> notices = new CopyOnWriteArrayList<>();

    KitHost(TinyModel model, WorkerGroup workers, DenseOperators dense, Path cache) {
        this.model = model;
        this.workers = workers;
        this.dense = dense;
        this.cache = cache;
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public WorkerGroup workers() {
        return workers;
    }

    @Override
    public DenseOperators dense() {
        return dense;
    }

    @Override
    public TextRunner text() {
        return new KitText(model, dense, workers);
    }

    @Override
    public Path cacheDirectory() {
        return cache;
    }

    @Override
    public ProgressSink progress() {
        return progress;
    }

    /** What went wrong with reports of progress. */
    List<String> progressFaults() {
        return progress.faults();
    }

    @Override
    public void notice(String message) {
        notices.add(message);
    }

    /** What the provider had to say. */
    List<String> notices() {
        return notices;
    }
}
