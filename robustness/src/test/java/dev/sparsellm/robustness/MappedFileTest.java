package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What happens to the files of a model that is in use. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "files that are mapped cannot be changed there")
class MappedFileTest {

    private static final int TOKENS = 12;

    /** Longer than the time between two looks at the file. */
    private static final int MILLIS = 70;

    @TempDir
    Path folder;

    private Path file;
    private String expected;

    /** Something that happens to a file. */
    private interface Event {
        void happen() throws IOException;
    }

    @BeforeEach
    void writeModel() throws IOException {
        file = Files.write(folder.resolve("model.gguf"), SmallModel.sentencePiece().bytes());
        expected = generate("dense", () -> {});
        assertThat(expected).isNotEmpty();
    }

    /** What is written if something happens behind the third token. */
    private String generate(String providers, Event event) {
        ModelOptions options = ModelOptions.defaults()
                .withThreads(2)
                .withProviders(providers)
                .withCacheDirectory(folder.resolve("cache"));
        int[] count = new int[1];
        try (Model model = Model.load(file, options); Session session = model.newSession(model.defaultLineup(), 64)) {
            GenerationRequest request = new GenerationRequest(
                    session.prompt("ab c"), TOKENS, SamplingOptions.greedy(), List.of(), true);
            Generation generation = session.generate(request, (id, text) -> {
                if (++count[0] == 3) {
                    try {
                        event.happen();
                        Thread.sleep(MILLIS);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
                return true;
            });
            return java.util.Arrays.toString(generation.ids());
        }
    }

    private static void truncate(Path path, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(bytes);
        }
    }

    @Test
    void a_model_that_is_cut_short_is_an_error_in_one_line() {
        assertThatThrownBy(() -> generate("dense", () -> truncate(file, 0)))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll(file.toString(), "was changed while it was in use", "has 0");
    }

    @Test
    void pages_that_are_gone_are_an_error_in_one_line() throws IOException {
        ModelOptions options = ModelOptions.defaults().withThreads(2).withProviders("dense");
        Path other = Files.copy(file, folder.resolve("other.gguf"));
        try (Model model = Model.load(other, options); Session session = model.newSession()) {
            truncate(other, 4096);
            // Before anybody looks at the file again.
            assertThatThrownBy(() -> session.read(session.prompt("ab c"), 0, (row, logits, offset) -> {}))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContaining(other.toString())
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void repacked_weights_that_are_cut_short_are_an_error_in_one_line() {
        assertThatThrownBy(() -> generate("chess", () -> {
                    try (var files = Files.list(folder.resolve("cache"))) {
                        for (Path cached : files.filter(f -> f.toString().contains(".channels-v")).toList()) {
                            truncate(cached, 0);
                        }
                    }
                }))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll(file.toString(), "cache", "cut short");
    }

    @Test
    void a_model_that_is_written_over_is_an_error_in_one_line() {
        assertThatThrownBy(() -> generate("dense", () -> {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.write(ByteBuffer.allocate(512), channel.size() - 512);
                    }
                }))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll(file.toString(), "somebody has written to it");
    }

    @Test
    void a_model_with_a_new_date_is_the_same_model() {
        assertThat(generate("dense", () -> Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1)))))
                .isEqualTo(expected);
    }

    @Test
    void a_model_replaced_by_another_or_deleted_serves_those_who_have_it() {
        assertThat(generate("dense", () -> {
                    Path other = Files.write(folder.resolve("new.gguf"), SmallModel.byteLevel().bytes());
                    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                }))
                .isEqualTo(expected);
        assertThat(generate("dense", () -> Files.delete(file))).isNotEmpty();
    }
}
