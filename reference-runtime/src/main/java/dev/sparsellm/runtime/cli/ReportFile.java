package dev.sparsellm.runtime.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A text file that appears all at once.
 *
 * @param path where
 */
record ReportFile(Path path) {

    /**
     * Finds out before the work what would otherwise be found out after it.
     *
     * @throws UsageException if the file cannot be written
     */
    void check() {
        Path folder = folder();
        if (!Files.isDirectory(folder)) {
            throw new UsageException("The file " + path + " cannot be written: there is no folder " + folder);
        }
        if (Files.isDirectory(path)) {
            throw new UsageException("The file " + path + " cannot be written: it is a folder");
        }
        try {
            Files.delete(Files.createTempFile(folder, ".report", ".part"));
        } catch (AccessDeniedException e) {
            throw new UsageException("The file " + path + " cannot be written: the folder " + folder + " is not yours");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes beside the file and moves it into place: whoever sees it sees all of it. */
    void write(String text) {
        Path part = folder().resolve("." + path.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try {
                Files.writeString(part, text);
                Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path folder() {
        return path.toAbsolutePath().getParent();
    }
}
