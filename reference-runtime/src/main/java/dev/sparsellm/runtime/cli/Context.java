package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.CacheDirectory;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.nio.file.Path;

/**
 * What all commands share.
 *
 * @param streams where to read and write
 * @param cancellation tells that the user has had enough
 * @param catalog the providers on the path
 * @param properties what {@code -D} said
 */
record Context(Streams streams, Cancellation cancellation, ProviderCatalog catalog, PropertyValues properties) {

    /** Where files for later runs go. */
    Path cacheDirectory() {
        return properties.cache().orElseGet(CacheDirectory::ofUser);
    }
}
