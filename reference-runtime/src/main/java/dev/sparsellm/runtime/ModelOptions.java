package dev.sparsellm.runtime;

import dev.sparsellm.spi.ProgressSink;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * How to open a model. Start from {@link #defaults()} and change what you care about.
 *
 * @param threads that compute, the caller among them; at least 1
 * @param providers whom to prefer, such as {@code chess,dense}; empty for all on the path by priority
 * @param settings for providers, by key, such as {@code chess.sparsity}
 * @param cacheDirectory where providers may keep files for the next run
 * @param progress sees long work
 * @param notices receives one line for each thing worth knowing: who serves, who refused and why
 */
public record ModelOptions(
        int threads,
        String providers,
        Map<String, String> settings,
        Path cacheDirectory,
        ProgressSink progress,
        Consumer<String> notices) {

    public ModelOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("The number of threads must be at least 1, was " + threads);
        }
        Objects.requireNonNull(providers, "providers");
        settings = Map.copyOf(settings);
        Objects.requireNonNull(cacheDirectory, "cacheDirectory");
        Objects.requireNonNull(progress, "progress");
        Objects.requireNonNull(notices, "notices");
    }

    /** All cores, all providers on the path with their defaults, the user's cache directory, silent. */
    public static ModelOptions defaults() {
        return new ModelOptions(
                Runtime.getRuntime().availableProcessors(),
                "",
                Map.of(),
                CacheDirectory.ofUser(),
                ProgressSink.NONE,
                notice -> {});
    }

    public ModelOptions withThreads(int threads) {
        return new ModelOptions(threads, providers, settings, cacheDirectory, progress, notices);
    }

    public ModelOptions withProviders(String providers) {
        return new ModelOptions(threads, providers, settings, cacheDirectory, progress, notices);
    }

    public ModelOptions withSettings(Map<String, String> settings) {
        return new ModelOptions(threads, providers, settings, cacheDirectory, progress, notices);
    }

    public ModelOptions withCacheDirectory(Path cacheDirectory) {
        return new ModelOptions(threads, providers, settings, cacheDirectory, progress, notices);
    }

    public ModelOptions withProgress(ProgressSink progress) {
        return new ModelOptions(threads, providers, settings, cacheDirectory, progress, notices);
    }

    public ModelOptions withNotices(Consumer<String> notices) {
        return new ModelOptions(threads, providers, settings, cacheDirectory, progress, notices);
    }
}
