package dev.sparsellm.kernels.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;

/**
 * What a file was when it was mapped. A mapping shows whatever is written into the file afterwards, and has nothing to
 * show behind where it was cut off. One that is replaced by another of its name stays as it was for those who have it.
 *
 * @param identity what tells files apart that have the same name one after another; null where the system has none
 */
record FileStamp(Path file, long bytes, FileTime modified, Object identity) {

    static FileStamp of(Path file) throws IOException {
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        return new FileStamp(file, now.size(), now.lastModifiedTime(), now.fileKey());
    }

    /** What it is now; the same stamp if another file has its name, or none. */
    FileStamp now() {
        try {
            FileStamp now = of(file);
            return Objects.equals(now.identity, identity) ? now : this;
        } catch (IOException gone) {
            return this;
        }
    }
}
