package dev.sparsellm.runtime.cli;

import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.support.ProviderCatalog;
import dev.sparsellm.spi.support.ProviderCatalog.Found;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What the user set with {@code -Dkey=value}: this program's own keys and the providers' settings.
 *
 * @param own {@code sparsellm.*}
 * @param settings all keys that begin with a provider's id
 */
record PropertyValues(Map<String, String> own, Map<String, String> settings) {

    static final String PROVIDER = "sparsellm.provider";
    static final String MODEL = "sparsellm.model";
    static final String THREADS = "sparsellm.threads";
    static final String CACHE = "sparsellm.cache";
    /** Read by the kernels. */
    static final String VECTOR_BITS = "sparsellm.vectorBits";

    private static final String OWN = "sparsellm.";
    private static final List<String> KNOWN = List.of(PROVIDER, MODEL, THREADS, CACHE, VECTOR_BITS);

    /**
     * Sorts and checks.
     *
     * @throws UsageException for a {@code sparsellm.*} key that is not known, or a setting of a provider that is not
     *     there
     * @throws dev.sparsellm.spi.SettingsException for a provider's key that is not known, or a value not allowed
     */
    static PropertyValues of(Properties properties, ProviderCatalog catalog) {
        Map<String, String> own = new TreeMap<>();
        Map<String, String> settings = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            String value = properties.getProperty(key);
            if (key.startsWith(OWN)) {
                if (!KNOWN.contains(key)) {
                    throw new UsageException("Unknown property -D" + key + "; known are " + String.join(", ", KNOWN)
                            + Suggestion.of(key, KNOWN));
                }
                own.put(key, value);
            } else if (key.startsWith("chess.") && catalog.providers().stream().noneMatch(PropertyValues::isChess)) {
                throw new UsageException("-D" + key + " is for the provider 'chess', which is not there;"
                        + " put the jar of the chess-plugin into the folder plugins");
            }
        }
        for (Found found : catalog.providers()) {
            Map<String, String> values = new TreeMap<>();
            for (String key : properties.stringPropertyNames()) {
                if (key.startsWith(found.provider().id() + ".")) {
                    values.put(key, properties.getProperty(key));
                }
            }
            settings.putAll(checked(found, values));
        }
        return new PropertyValues(own, settings);
    }

    /** @throws dev.sparsellm.spi.SettingsException if a key or a value is not allowed */
    private static Map<String, String> checked(Found found, Map<String, String> values) {
        List<String> keys = new ArrayList<>();
        found.provider().settings().forEach(setting -> keys.add(setting.key()));
        for (String key : values.keySet()) {
            if (!keys.contains(key)) {
                throw new UsageException("Unknown property -D" + key + "; the provider '" + found.provider().id()
                        + "' knows " + (keys.isEmpty() ? "none" : String.join(", ", keys)) + Suggestion.of(key, keys));
            }
        }
        new Settings(found.provider().settings(), values);
        return values;
    }

    private static boolean isChess(Found found) {
        return found.provider().id().equals("chess");
    }

    Optional<Path> model() {
        return path(MODEL);
    }

    String provider() {
        return own.getOrDefault(PROVIDER, "");
    }

    /** @throws UsageException if it is no number from 1 */
    int threads() {
        String threads = own.get(THREADS);
        if (threads == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        if (!threads.matches("[1-9][0-9]{0,3}")) {
            throw new UsageException("-D" + THREADS + " is '" + threads + "'; give a number from 1");
        }
        return Integer.parseInt(threads);
    }

    Optional<Path> cache() {
        return path(CACHE);
    }

    private Optional<Path> path(String key) {
        String value = own.get(key);
        try {
            return Optional.ofNullable(value).map(Path::of);
        } catch (InvalidPathException e) {
            throw new UsageException("-D" + key + " is '" + value + "', which is no path: " + e.getReason());
        }
    }
}
