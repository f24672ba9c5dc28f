package dev.sparsellm.robustness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that fuzzed code is to read: a folder for the life of the JVM, in memory where there is such a file system. */
public final class Scratch {

    private static final Path MEMORY = Path.of("/dev/shm");

    private final Path folder;

    /** A folder of its own. */
    public Scratch() {
        try {
            folder = Files.isWritable(MEMORY)
                    ? Files.createTempDirectory(MEMORY, "sparsellm-fuzz")
                    : Files.createTempDirectory("sparsellm-fuzz");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::delete));
    }

    public Path folder() {
        return folder;
    }

    public Path write(String name, byte[] bytes) {
        try {
            return Files.write(folder.resolve(name), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void delete() {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException leftInMemory) {
            System.err.println("Cannot delete " + folder + ": " + leftInMemory);
        }
    }
}
