package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Files that llama.cpp's tools made. */
class LlamaCppFilesTest {

    @Test
    void models_of_every_type_open() throws IOException {
        try (Stream<Path> files = Files.list(SharedFiles.require("models/types"))) {
            List<Path> models = files.sorted().toList();
            assertThat(models).hasSize(13);
            for (Path model : models) {
                String name = model.getFileName().toString();
                String type = name.substring("random-2L-".length(), name.indexOf('.')).replace("_M", "");
                try (Gguf gguf = Gguf.open(model)) {
                    assertThat(gguf.tensors()).hasSize(22);
                    assertThat(gguf.tensors()).extracting(GgufTensor::type).contains(TensorType.valueOf(type));
                    assertThat(gguf.metadata().requireInteger("llama.block_count", 1, 100)).isEqualTo(2);
                    GgufTensor factors = gguf.tensor("rope_freqs.weight").orElseThrow();
                    assertThat(factors.type()).isEqualTo(TensorType.F32);
                    assertThat(factors.matrix().rows()).isEqualTo(1);
                    long data = gguf.tensors().stream().mapToLong(t -> t.data().byteSize()).sum();
                    assertThat(data).isBetween(gguf.fileBytes() - 200_000, gguf.fileBytes());
                }
            }
        }
    }

    @Test
    void every_model_has_a_fingerprint_of_its_own() throws IOException {
        try (Stream<Path> files = Files.list(SharedFiles.require("models/types"))) {
            List<String> fingerprints = files.map(file -> {
                try (Gguf gguf = Gguf.open(file)) {
                    return ModelFingerprint.of(gguf);
                }
            }).toList();
            assertThat(fingerprints).hasSize(13).doesNotHaveDuplicates();
        }
    }

    @Test
    void a_byte_level_vocabulary_is_read_whole() {
        try (Gguf gguf = Gguf.open(SharedFiles.require("tokenizers/ggml-vocab-llama-bpe.gguf"))) {
            List<String> tokens = gguf.metadata().strings("tokenizer.ggml.tokens").orElseThrow();
            assertThat(tokens).hasSize(128256).startsWith("!", "\"").contains("Ġthe", "<|begin_of_text|>");
            assertThat(gguf.metadata().strings("tokenizer.ggml.merges").orElseThrow())
                    .hasSize(127066).startsWith("Ġ Ġ").endsWith("éĶ ¦");
            assertThat(gguf.metadata().integers("tokenizer.ggml.token_type").orElseThrow()).hasSize(128256);
            assertThat(gguf.metadata().requireString("tokenizer.ggml.pre")).isEqualTo("llama-bpe");
            assertThat(gguf.tensors()).isEmpty();
        }
    }

    @Test
    void a_sentencepiece_vocabulary_is_read_whole() {
        try (Gguf gguf = Gguf.open(SharedFiles.require("tokenizers/ggml-vocab-llama-spm.gguf"))) {
            List<String> tokens = gguf.metadata().strings("tokenizer.ggml.tokens").orElseThrow();
            assertThat(tokens).hasSize(32000).startsWith("<unk>", "<s>", "</s>", "<0x00>").contains("▁the");
            assertThat(gguf.metadata().reals("tokenizer.ggml.scores").orElseThrow()).hasSize(32000);
        }
    }
}
