package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufSplitTest {

    @TempDir
    Path folder;

    private Path first;
    private Path second;
    private Path third;

    /** As gguf-split leaves a model: the first part with all metadata and, here, no tensor. */
    @BeforeEach
    void splitModel() throws IOException {
        first = part(0, 3, "model-00001-of-00003.gguf");
        second = part(1, 3, "model-00002-of-00003.gguf", "a", "b");
        third = part(2, 3, "model-00003-of-00003.gguf", "c");
    }

    private Path part(int number, int count, String name, String... tensors) throws IOException {
        GgufWriter writer = new GgufWriter();
        if (number == 0) {
            writer.string("general.architecture", "llama");
        }
        writer.uint16("split.no", number).uint16("split.count", count).int32("split.tensors.count", 3);
        for (String tensor : tensors) {
            writer.tensor(tensor, TensorType.F32, List.of(2L),
                    GgufWriter.Body.of(MemorySegment.ofArray(new float[] {tensor.charAt(0), number})));
        }
        Path file = folder.resolve(name);
        writer.write(file);
        return file;
    }

    private void refused(Path file, String... messages) {
        assertThatThrownBy(() -> Gguf.open(file).close()).isInstanceOf(GgufException.class)
                .hasMessageContainingAll(messages);
    }

    @Test
    void the_parts_open_as_one() {
        try (Gguf gguf = Gguf.open(first)) {
            assertThat(gguf.file()).isEqualTo(first);
            assertThat(gguf.files()).hasSize(3);
            assertThat(gguf.metadata().requireString("general.architecture")).isEqualTo("llama");
            assertThat(gguf.tensors()).extracting(GgufTensor::name).containsExactly("a", "b", "c");
            assertThat(gguf.tensor("c").orElseThrow().data().toArray(ValueLayout.JAVA_FLOAT)).containsExactly('c', 2);
            assertThat(gguf.tensor("b").orElseThrow().data().toArray(ValueLayout.JAVA_FLOAT)).containsExactly('b', 1);
        }
    }

    @Test
    void another_part_is_refused_with_the_first_ones_name() {
        refused(second, "part 2", "model-00001-of-00003.gguf");
        refused(third, "part 3", "model-00001-of-00003.gguf");
        refused(folder.resolve("model-00009-of-00003.gguf"), "model-00001-of-00003.gguf");
    }

    @Test
    void a_missing_part_is_named() throws IOException {
        Files.delete(third);
        refused(first, first.toString(), "part 3 of 3", "model-00003-of-00003.gguf");
    }

    @Test
    void parts_that_do_not_belong_together_are_refused() throws IOException {
        part(1, 3, "model-00001-of-00003.gguf");
        refused(first, "model-00001-of-00003.gguf", "part 2 of 3");
        part(0, 3, "model-00001-of-00003.gguf");
        part(1, 3, "model-00003-of-00003.gguf", "c");
        refused(first, "model-00003-of-00003.gguf", "part 2 of 3");
        part(2, 4, "model-00003-of-00003.gguf", "c");
        refused(first, "part 3 of 4");
        part(2, 3, "model-00003-of-00003.gguf", "c", "d");
        refused(first, "4 tensors", "instead of 3");
        part(2, 3, "model-00003-of-00003.gguf", "a");
        refused(first, "model-00003-of-00003.gguf", "'a'");
        new GgufWriter().string("general.architecture", "llama").write(third);
        refused(first, "model-00003-of-00003.gguf", "split.no");
        Files.write(third, new byte[0]);
        refused(first, "model-00003-of-00003.gguf", "empty");
    }

    @Test
    void a_part_under_another_name_is_refused() throws IOException {
        Path renamed = Files.move(first, folder.resolve("renamed.gguf"));
        refused(renamed, "part 1 of 3", "-00001-of-00003.gguf");
    }

    @Test
    void a_whole_model_may_be_called_part_one_of_one() throws IOException {
        Path file = folder.resolve("whole-00001-of-00001.gguf");
        new GgufWriter().string("general.architecture", "llama").write(file);
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.files()).containsExactly(file);
        }
    }

    @Test
    void a_model_cut_into_parts_has_the_same_tensors() throws IOException {
        try (Gguf whole = Gguf.open(SharedFiles.require("models/stories260K.gguf"))) {
            Path start = cut(whole, 5);
            try (Gguf parts = Gguf.open(start)) {
                assertThat(parts.files()).hasSize(5);
                assertThat(parts.tensors()).hasSameSizeAs(whole.tensors());
                for (int i = 0; i < whole.tensors().size(); i++) {
                    GgufTensor expected = whole.tensors().get(i);
                    GgufTensor tensor = parts.tensors().get(i);
                    assertThat(tensor.name()).isEqualTo(expected.name());
                    assertThat(tensor.dimensions()).isEqualTo(expected.dimensions());
                    assertThat(tensor.data().mismatch(expected.data())).as(tensor.name()).isEqualTo(-1);
                }
                assertThat(parts.metadata().strings("tokenizer.ggml.tokens"))
                        .isEqualTo(whole.metadata().strings("tokenizer.ggml.tokens"));
            }
        }
    }

    /** Cuts a model as gguf-split does: consecutive tensors in each part, the vocabulary in the first. */
    private Path cut(Gguf whole, int count) throws IOException {
        int tensors = whole.tensors().size();
        for (int number = 0; number < count; number++) {
            GgufWriter writer = new GgufWriter();
            if (number == 0) {
                writer.strings("tokenizer.ggml.tokens", whole.metadata().strings("tokenizer.ggml.tokens").orElseThrow());
            }
            writer.uint16("split.no", number).uint16("split.count", count).int32("split.tensors.count", tensors);
            for (GgufTensor t : whole.tensors().subList(tensors * number / count, tensors * (number + 1) / count)) {
                writer.tensor(t.name(), t.type(), t.dimensions(), GgufWriter.Body.of(t.data()));
            }
            writer.write(folder.resolve("cut-%05d-of-%05d.gguf".formatted(number + 1, count)));
        }
        return folder.resolve("cut-%05d-of-%05d.gguf".formatted(1, count));
    }
}
