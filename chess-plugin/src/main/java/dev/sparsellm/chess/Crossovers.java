package dev.sparsellm.chess;

import dev.sparsellm.kernels.Reading;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;

/**
 * What {@link CrossoverMeter} has measured on this machine, in a file of the cache: a line for each kind of operator,
 * kernels, Java and number of processors. Whatever cannot be read is measured again; what cannot be written, next time.
 * The number of threads is no part of it, so that results have the same bits on any.
 */
final class Crossovers {

    /** Raised when kernels, or what is asked of them, change so much that old measurements mislead. */
    private static final int VERSION = 10;

    private final Path file;

    Crossovers(Path directory) {
        file = directory.resolve("chess-crossover-v" + VERSION + ".properties");
    }

    /**
     * What is known.
     *
     * @param kernels by name
     * @param kind of operator: {@link Crossover#kindOf}
     */
    Optional<Crossover> find(String kernels, String kind) {
        String[] value = read().getProperty(key(kernels, kind), "").split(" ");
        try {
            double share = Double.parseDouble(value[0]);
            return share >= 0 && share <= 1
                    ? Optional.of(new Crossover(share, Reading.valueOf(value[value.length - 1])))
                    : Optional.empty();
        } catch (IllegalArgumentException absentOrDamaged) {
            return Optional.empty();
        }
    }

    /** Keeps a measurement; of two processes that do so at once, one may have to measure again next time. */
    void keep(String kernels, String kind, Crossover measured) {
        Properties all = read();
        all.setProperty(key(kernels, kind), String.format(Locale.ROOT, "%.3f %s", measured.share(), measured.reading()));
        try {
            Files.createDirectories(file.getParent());
            Path temporary = Files.createTempFile(file.getParent(), file.getFileName() + ".", ".tmp");
            try (Writer out = Files.newBufferedWriter(temporary)) {
                all.store(
                        out,
                        "From which share on leaving out is faster on this machine, and how weights are read then; delete to measure again");
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException notKept) {
            // The profile and the repacked weights in the same folder say so to the user; this is measured in seconds.
        }
    }

    private Properties read() {
        Properties all = new Properties();
        if (Files.exists(file)) {
            try (Reader in = Files.newBufferedReader(file)) {
                all.load(in);
            } catch (IOException | IllegalArgumentException damaged) {
                return new Properties();
            }
        }
        return all;
    }

    private static String key(String kernels, String kind) {
        return kernels + ", Java " + Runtime.version().feature() + ", "
                + Runtime.getRuntime().availableProcessors() + " processors, " + kind;
    }
}
