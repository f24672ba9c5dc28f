package dev.sparsellm.runtime.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.GgufTensor;
import dev.sparsellm.kernels.gguf.GgufWriter;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticModelTest {

    @TempDir
    Path folder;

    private Path write(Shape shape, TensorType type, long seed) throws IOException {
        Path file = folder.resolve(shape.label() + "-" + type + "-" + seed + ".gguf");
        SyntheticModel.write(shape, 2, shape.vocabulary(), type, seed, file, ProgressSink.NONE);
        return file;
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"Q2_K", "Q3_K", "I32", "I64", "F64"})
    void weights_of_every_type_are_distributed_as_in_a_trained_network(TensorType type) throws IOException {
        Kernels kernels = KernelChoice.ofThisJvm().kernels();
        try (Gguf gguf = Gguf.open(write(Shape.TINY_SENTENCE_PIECE, type, 1))) {
            for (GgufTensor tensor : gguf.tensors()) {
                Tensor matrix = tensor.matrix();
                boolean norm = tensor.name().endsWith("norm.weight");
                assertThat(matrix.type()).isEqualTo(norm ? TensorType.F32 : type);
                float[] row = new float[matrix.columns()];
                double sum = 0;
                double squares = 0;
                Set<ByteBuffer> rows = new HashSet<>();
                for (int r = 0; r < matrix.rows(); r++) {
                    kernels.dequantize(matrix, r, row, 0);
                    for (float w : row) {
                        sum += w;
                        squares += (double) w * w;
                    }
                    rows.add(ByteBuffer.wrap(matrix.data().asSlice(r * matrix.rowBytes(), matrix.rowBytes())
                            .toArray(ValueLayout.JAVA_BYTE)));
                }
                double count = (double) matrix.rows() * matrix.columns();
                double mean = sum / count;
                double deviation = Math.sqrt(squares / count - mean * mean);
                assertThat(mean).as(tensor.name()).isCloseTo(norm ? 1 : 0, within(norm ? 0.02 : 0.0005));
                assertThat(deviation).as(tensor.name()).isBetween(norm ? 0.04 : 0.019, norm ? 0.06 : 0.0215);
                assertThat(rows).as("different rows of %s", tensor.name()).hasSize(matrix.rows());
            }
        }
    }

    @Test
    void tensors_larger_than_the_pool_have_different_rows_too() throws IOException {
        BlockPool pool = new BlockPool(TensorType.Q4_0, 0.02, 1L << 40, new SplittableRandom(1));
        int rowBytes = 2048 / 32 * 18;
        int rows = 32000;
        Path file = folder.resolve("weights");
        List<Long> written = new ArrayList<>();
        try (var channel = Files.newByteChannel(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            pool.write((long) rows * rowBytes, new SplittableRandom(2), channel, written::add);
        }
        byte[] bytes = Files.readAllBytes(file);
        assertThat(bytes).hasSize(rows * rowBytes);
        assertThat(written.stream().mapToLong(Long::longValue).sum()).isEqualTo(bytes.length);
        Set<ByteBuffer> different = new HashSet<>();
        for (int r = 0; r < rows; r++) {
            different.add(ByteBuffer.wrap(bytes, r * rowBytes, rowBytes));
            for (int block = 0; block < 64; block++) { // each begins with a scale of the right size
                int at = r * rowBytes + block * 18;
                float scale = Float.float16ToFloat((short) (bytes[at] & 0xFF | bytes[at + 1] << 8));
                if (!(scale > 0.004f && scale < 0.01f)) {
                    assertThat(scale).as("scale of row %d, block %d", r, block).isBetween(0.004f, 0.01f);
                }
            }
        }
        assertThat(different).hasSize(rows);
    }

    @Test
    void equal_seeds_give_equal_files_and_others_do_not() throws IOException {
        Path file = write(Shape.TINY, TensorType.Q8_0, 7);
        byte[] first = Files.readAllBytes(file);
        assertThat(write(Shape.TINY, TensorType.Q8_0, 7)).hasBinaryContent(first);
        assertThat(Files.readAllBytes(write(Shape.TINY, TensorType.Q8_0, 8))).isNotEqualTo(first);
    }

    @ParameterizedTest
    @EnumSource(names = {"TINY", "TINY_SENTENCE_PIECE"})
    void any_text_can_be_tokenized_and_comes_back(Shape shape) throws IOException {
        try (Gguf gguf = Gguf.open(write(shape, TensorType.Q4_0, 1))) {
            assertThat(gguf.metadata().strings("tokenizer.ggml.tokens").orElseThrow())
                    .hasSize(shape.vocabulary()).doesNotHaveDuplicates();
            Tokenizer tokenizer = Tokenizer.of(gguf.metadata());
            assertThat(tokenizer.warnings()).isEmpty();
            for (String text : List.of("Once upon a time", "  Tabs\tand\n\nlines 12345!?", "Grüße, 日本語 🙂\u0000\u007f",
                    "the <s> and <|begin_of_text|> are plain text", "x")) {
                int[] ids = tokenizer.encodeOrdinary(text);
                assertThat(tokenizer.decode(ids)).isEqualTo(text);
            }
            assertThat(tokenizer.encodeOrdinary("the test is there").length).isLessThan("the test is there".length());
        }
    }

    @Test
    void the_vocabulary_of_llama_3_is_complete_and_every_merge_is_of_tokens() throws IOException {
        Path file = folder.resolve("vocabulary.gguf");
        var writer = new GgufWriter();
        SyntheticVocabulary.write(Shape.LLAMA_3_2_1B.vocabularyKind, Shape.LLAMA_3_2_1B.vocabulary, writer);
        writer.write(file);
        try (Gguf gguf = Gguf.open(file)) {
            List<String> tokens = List.copyOf(gguf.metadata().strings("tokenizer.ggml.tokens").orElseThrow());
            Set<String> set = new HashSet<>(tokens);
            assertThat(set).hasSize(128256);
            assertThat(tokens.get(128000)).isEqualTo("<|begin_of_text|>");
            assertThat(tokens.get(128009)).isEqualTo("<|eot_id|>");
            assertThat(tokens.getLast()).isEqualTo("<|reserved_special_token_247|>");
            List<String> merges = gguf.metadata().strings("tokenizer.ggml.merges").orElseThrow();
            assertThat(merges).hasSize(127744);
            Set<String> known = new HashSet<>(tokens.subList(0, 256));
            for (String merge : merges) {
                String[] parts = merge.split(" ");
                if (parts.length != 2 || !known.contains(parts[0]) || !known.contains(parts[1])
                        || !known.add(parts[0] + parts[1]) || !set.contains(parts[0] + parts[1])) {
                    assertThat(merge).as("a merge of two earlier tokens to a new one").isNull();
                }
            }
        }
    }

    @Test
    void the_tensors_are_those_of_the_shape() throws IOException {
        try (Gguf gguf = Gguf.open(write(Shape.TINY, TensorType.F16, 1))) {
            assertThat(gguf.tensors()).hasSize(1 + 1 + 2 * 9 + 1); // rope_freqs, token_embd, layers, output_norm
            assertThat(gguf.tensor("output.weight")).as("tied").isEmpty();
            assertThat(gguf.tensor("token_embd.weight").orElseThrow().dimensions()).containsExactly(256L, 1024L);
            assertThat(gguf.tensor("blk.1.ffn_down.weight").orElseThrow().dimensions()).containsExactly(512L, 256L);
            assertThat(gguf.tensor("blk.1.attn_k.weight").orElseThrow().dimensions()).containsExactly(256L, 128L);
            assertThat(gguf.metadata().requireInteger("llama.attention.head_count_kv", 2, 2)).isEqualTo(2);
            float[] factors = gguf.tensor("rope_freqs.weight").orElseThrow().data().toArray(ValueLayout.JAVA_FLOAT);
            assertThat(factors).hasSize(32).isSorted().startsWith(1f, 1f).endsWith(32f, 32f);
        }
        try (Gguf gguf = Gguf.open(write(Shape.TINY_SENTENCE_PIECE, TensorType.F16, 1))) {
            assertThat(gguf.tensor("output.weight").orElseThrow().dimensions()).containsExactly(256L, 1000L);
            assertThat(gguf.tensor("rope_freqs.weight")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Shape.class, names = {"TINY", "TINY_SENTENCE_PIECE"})
    void a_vocabulary_of_another_size_still_reads_and_writes_any_text(Shape shape) throws IOException {
        Path file = folder.resolve("a.gguf");
        SyntheticModel.write(shape, 1, 777, TensorType.Q8_0, 1, file, ProgressSink.NONE);
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.metadata().requireInteger("llama.vocab_size", 0, 10_000)).isEqualTo(777);
            assertThat(gguf.tensor("token_embd.weight").orElseThrow().dimensions()).containsExactly(256L, 777L);
            gguf.tensor("output.weight").ifPresent(
                    head -> assertThat(head.dimensions()).containsExactly(256L, 777L));
            Tokenizer tokenizer = Tokenizer.of(gguf.metadata());
            assertThat(tokenizer.vocabularySize()).isEqualTo(777);
            assertThat(tokenizer.decode(tokenizer.encodeOrdinary("What is it, Ölaf? 🙂"))).isEqualTo("What is it, Ölaf? 🙂");
        }
    }

    @Test
    void progress_is_told_up_to_the_end() throws IOException {
        List<Long> told = new ArrayList<>();
        SyntheticModel.write(Shape.TINY, 1, 1024, TensorType.Q8_0, 1, folder.resolve("a.gguf"), (what, total) -> {
            assertThat(what).contains("tiny");
            told.add(total);
            return told::add;
        });
        assertThat(told.subList(1, told.size())).isSorted().endsWith(told.getFirst());
    }

    @Test
    void what_cannot_be_made_is_refused() throws IOException {
        Path file = folder.resolve("a.gguf");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SyntheticModel.write(Shape.TINY, 2, 1024, TensorType.Q2_K, 1, file, ProgressSink.NONE))
                .withMessageContainingAll("Q2_K", "Q4_K");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SyntheticModel.write(Shape.TINY, 0, 1024, TensorType.Q8_0, 1, file, ProgressSink.NONE))
                .withMessageContaining("0 layers");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SyntheticModel.write(Shape.TINY, 1, 511, TensorType.Q8_0, 1, file, ProgressSink.NONE))
                .withMessageContainingAll("511", "512");
        assertThatIllegalArgumentException().isThrownBy(() -> Shape.ofLabel("gpt-5"))
                .withMessageContainingAll("gpt-5", "llama-3.2-1b", "tiny");
        Path nowhere = folder.resolve("none/a.gguf");
        assertThatIOException()
                .isThrownBy(() -> SyntheticModel.write(Shape.TINY, 1, 1024, TensorType.Q8_0, 1, nowhere, ProgressSink.NONE))
                .withMessageContaining("no folder");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }
}
