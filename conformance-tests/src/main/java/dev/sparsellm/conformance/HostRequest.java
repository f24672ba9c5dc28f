package dev.sparsellm.conformance;

import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How a host is to open its model.
 *
 * @param providers those that the host would have found on the path
 * @param named ids that the user asks for, in order; empty for all by priority
 * @param settings what the user has set, by key
 * @param threads that compute, the caller among them
 * @param cacheDirectory where providers may keep files; it may not exist yet
 * @param progress sees what providers report
 * @param notices receives each thing worth knowing in one line
 */
public record HostRequest(
        ProviderCatalog providers,
        List<String> named,
        Map<String, String> settings,
        int threads,
        Path cacheDirectory,
        ProgressSink progress,
        Consumer<String> notices) {

    public HostRequest {
        named = List.copyOf(named);
        settings = Map.copyOf(settings);
    }
}
