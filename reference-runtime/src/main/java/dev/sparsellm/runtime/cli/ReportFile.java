package dev.sparsellm.runtime.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A text file that appears all at once. A device or a pipe, such as /dev/null, is written to instead: a file that took its
 * place would be there for every other program, too.
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
        Path folder = path.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new UsageException("The file " + path + " cannot be written: there is no folder " + folder);
        }
        if (Files.isDirectory(path)) {
            throw new UsageException("The file " + path + " cannot be written: it is a folder");
        }
        try {
            if (isFile()) {
                Files.delete(Files.createTempFile(target().getParent(), ".report", ".part"));
            } else if (!Files.isWritable(path)) {
                throw new UsageException("The file " + path + " cannot be written: it is not yours");
            }
        } catch (AccessDeniedException e) {
            throw new UsageException("The file " + path + " cannot be written: the folder " + folder + " is not yours");
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Writes beside the file and moves it into place: whoever sees it sees all of it. */
    void write(String text) {
        try {
            if (isFile()) {
                replace(target(), text);
            } else {
                Files.writeString(path, text);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private static void replace(Path file, String text) throws IOException {
        Path part = file.resolveSibling("." + file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            Files.writeString(part, text);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** Whether it is a file, or will be one. */
    private boolean isFile() {
        return !Files.exists(path) || Files.isRegularFile(path);
    }

    /** Where a link leads to. */
    private Path target() throws IOException {
        return Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
    }

    /** The reason alone says neither which file, nor, of a part, the one that was asked for. */
    private UncheckedIOException failed(IOException e) {
        String reason = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.getMessage();
        return new UncheckedIOException(new FileSystemException(path.toString(), null, reason));
    }
}
