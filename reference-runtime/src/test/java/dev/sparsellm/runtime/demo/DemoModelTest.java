package dev.sparsellm.runtime.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoModelTest {

    private static final byte[] CONTENT = "GGUF, or something like it".repeat(100).getBytes();

    @TempDir
    private Path folder;

    private URL resource;

    @BeforeEach
    void packJar() throws IOException {
        Path jar = folder.resolve("some jar.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new ZipEntry("demo.gguf"));
            zip.write(CONTENT);
        }
        resource = URI.create("jar:" + jar.toUri() + "!/demo.gguf").toURL();
    }

    private Path cache() {
        return folder.resolve("cache/of/mine");
    }

    @Test
    void anEntryOfAJarIsUnpackedOnce() throws IOException {
        Path file = DemoModel.fileOf(resource, cache());
        assertThat(file).hasParent(cache()).hasBinaryContent(CONTENT);
        FileTime longAgo = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(file, longAgo);
        assertThat(DemoModel.fileOf(resource, cache())).isEqualTo(file);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(longAgo);
        try (Stream<Path> files = Files.list(cache())) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aTruncatedFileInTheCacheIsReplaced() throws IOException {
        Path file = DemoModel.fileOf(resource, cache());
        Files.write(file, new byte[10]);
        assertThat(DemoModel.fileOf(resource, cache())).isEqualTo(file).hasBinaryContent(CONTENT);
    }

    @Test
    void whereTheCacheCannotBeWrittenATemporaryFileServes() throws IOException {
        Path noFolder = Files.writeString(folder.resolve("a file"), "in the way");
        assertThat(DemoModel.fileOf(resource, noFolder)).hasBinaryContent(CONTENT);
    }

    @Test
    void aFileIsUsedWhereItLies() throws IOException {
        Path file = Files.write(folder.resolve("demo model.gguf"), CONTENT);
        assertThat(DemoModel.fileOf(file.toUri().toURL(), cache())).isEqualTo(file);
        assertThat(cache()).doesNotExist();
    }
}
