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
import java.util.function.UnaryOperator;

/** The kit as a host. */
final class KitHost implements HostServices {

    private final TinyModel model;
    private final WorkerGroup workers;
    private final DenseOperators dense;
    private final Path cache;
    private final KitProgress progress = new KitProgress();
    private final List<String> notices = new CopyOnWriteArrayList<>();
    private final TextRunner text;

    KitHost(TinyModel model, WorkerGroup workers, DenseOperators dense, Path cache) {
        this(model, workers, dense, cache, new KitText(model, dense, workers));
    }

    private KitHost(TinyModel model, WorkerGroup workers, DenseOperators dense, Path cache, TextRunner text) {
        this.model = model;
        this.workers = workers;
        this.dense = dense;
        this.cache = cache;
        this.text = text;
    }

    /** The same, but for how text is run. */
    KitHost withText(UnaryOperator<TextRunner> change) {
        return new KitHost(model, workers, dense, cache, change.apply(text));
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
        return text;
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
