package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What happens to a file that is open. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "files that are mapped cannot be changed there")
class GgufChangesTest {

    @TempDir
    Path folder;

    private Path file;
    private long size;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("a.gguf");
        new GgufWriter().tensor("t", TensorType.F32, List.of(8L),
                GgufWriter.Body.of(MemorySegment.ofArray(new float[8]))).write(file);
        size = Files.size(file);
    }

    private static void date(Path file, int second) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(second)));
    }

    private void changed(Gguf gguf, String how) {
        assertThatThrownBy(gguf::requireUnchanged).isInstanceOf(GgufException.class)
                .hasMessageContainingAll(file.toString(), "was changed while it was in use", how);
    }

    @Test
    void one_that_nobody_touches_is_unchanged() {
        try (Gguf gguf = Gguf.open(file)) {
            gguf.requireUnchanged();
            gguf.requireUnchanged();
        }
    }

    @Test
    void one_cut_short_or_grown_is_an_error_that_says_so() throws IOException {
        try (Gguf gguf = Gguf.open(file); RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(size - 1);
            changed(gguf, "it had " + size + " bytes and has " + (size - 1));
            access.setLength(size + 1);
            changed(gguf, "it had " + size + " bytes and has " + (size + 1));
        }
    }

    @Test
    void one_written_to_is_an_error_whether_its_fingerprint_is_known_or_not() throws IOException {
        try (Gguf gguf = Gguf.open(file); RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(size - 1);
            access.write(1);
            date(file, 1);
            changed(gguf, "somebody has written to it");
        }
        try (Gguf gguf = Gguf.open(file); RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            ModelFingerprint.of(gguf);
            access.seek(size - 1);
            access.write(2);
            date(file, 2);
            changed(gguf, "somebody has written to it");
        }
    }

    @Test
    void one_that_only_has_a_new_date_is_unchanged_if_its_fingerprint_is_known() throws IOException {
        try (Gguf gguf = Gguf.open(file)) {
            date(file, 1);
            changed(gguf, "somebody has written to it");
        }
        try (Gguf gguf = Gguf.open(file)) {
            ModelFingerprint.of(gguf);
            date(file, 2);
            gguf.requireUnchanged();
            gguf.requireUnchanged();
        }
    }

    @Test
    void one_replaced_or_deleted_is_still_there_for_who_has_it() throws IOException {
        try (Gguf gguf = Gguf.open(file)) {
            Path other = Files.write(folder.resolve("b.gguf"), new byte[5]);
            Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
            gguf.requireUnchanged();
            Files.delete(file);
            gguf.requireUnchanged();
            assertThat(gguf.tensor("t").orElseThrow().data().toArray(ValueLayout.JAVA_FLOAT))
                    .containsOnly(0);
        }
    }
}
