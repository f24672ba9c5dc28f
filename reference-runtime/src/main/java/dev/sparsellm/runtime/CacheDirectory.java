package dev.sparsellm.runtime;

import java.nio.file.Path;
import java.util.Locale;

/** Where this user's files for later runs belong on this operating system. */
public final class CacheDirectory {

    private CacheDirectory() {}

    /** The folder, which may not exist yet. */
    public static Path ofUser() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        if (xdg != null && Path.of(xdg).isAbsolute()) {
            return Path.of(xdg, "sparsellm");
        }
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String home = System.getProperty("user.home", ".");
        if (system.startsWith("mac")) {
            return Path.of(home, "Library", "Caches", "sparsellm");
        }
        String local = System.getenv("LOCALAPPDATA");
        if (system.startsWith("windows") && local != null) {
            return Path.of(local, "sparsellm");
        }
        return Path.of(home, ".cache", "sparsellm");
    }
}
