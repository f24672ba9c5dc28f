package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OneLine;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.TextRunner;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds the profile of a model: the one the user named; else one in the cache; else it makes one from a text that comes
 * with the plugin, and caches it.
 */
final class ProfileSource {

    private static final String TEXT = "calibration.txt";
    private static final long SEED = 0;

    private final ModelDescription model;
    private final ChessSettings settings;
    private final HostServices host;
    private final Kernels kernels;

    ProfileSource(ModelDescription model, ChessSettings settings, HostServices host, Kernels kernels) {
        this.model = model;
        this.settings = settings;
        this.host = host;
        this.kernels = kernels;
    }

    /**
     * A profile and what to call it.
     *
     * @param name for messages
     */
    record Named(Profile profile, String name) {}

    /** @throws ProviderException if the user named a profile that cannot be used */
    Named find() {
        if (settings.profile().isPresent()) {
            Path file = settings.profile().get();
            return new Named(readFor(file), file.toString());
        }
        String name = "chess-profile-" + model.fingerprint() + "-v" + ProfileFile.VERSION + ".gguf";
        Path cached = cacheDirectory().resolve(name);
        if (Files.exists(cached)) {
            try {
                return new Named(readFor(cached), "of first use");
            } catch (ProviderException e) {
                host.notice("Calibrating again: " + e.getMessage());
            }
        }
        return new Named(make(cached), "of first use");
    }

    /** Where profiles and repacked weights are cached. */
    Path cacheDirectory() {
        return settings.cache().orElseGet(host::cacheDirectory);
    }

    private Profile readFor(Path file) {
        Profile profile = ProfileFile.read(file);
        profile.requireFor(model, file.toString());
        return profile;
    }

    private Profile make(Path cached) {
        TextRunner text = host.text();
        int window = Math.min(FirstUse.WINDOW, text.maxWindow());
        int[] ids = text.tokenize(builtInText());
        FirstUse use = FirstUse.measured(text, ids, window, Calibrator.checkpointOf(cached));
        CalibrationRequest request = new CalibrationRequest(ids, window, use.tokens(window), SEED, 0, 1, cached, true);
        host.notice("No profile for " + model.name() + " yet: calibrating once on " + use.inWords(window)
                + ". One from your own text, made by calibrate, serves it better");
        boolean writable = isWritable(cached.getParent());
        Profile profile = new Calibrator(model, host, kernels)
                .run(request, writable ? Optional.of(Calibrator.checkpointOf(cached)) : Optional.empty());
        try {
            if (writable) {
                ProfileFile.write(profile, cached);
                Files.deleteIfExists(Calibrator.checkpointOf(cached));
                return profile;
            }
        } catch (IOException e) {
            host.notice("The profile could not be cached in " + cached.getParent() + " (" + OneLine.of(e)
                    + ") and will be made again next time; set " + ChessSettings.CACHE + " to a folder with room");
            return profile;
        }
        host.notice("The folder " + cached.getParent() + " is not writable: the profile will be made again next time;"
                + " set " + ChessSettings.CACHE + " to another");
        return profile;
    }

    private static boolean isWritable(Path folder) {
        try {
            Files.createDirectories(folder);
            return Files.isWritable(folder);
        } catch (IOException unusable) {
            return false;
        }
    }

    private static String builtInText() {
        try (InputStream in = ProfileSource.class.getResourceAsStream(TEXT)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("The plugin's jar cannot be read", e);
        }
    }
}
