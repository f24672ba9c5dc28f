package dev.sparsellm.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The vocabularies of Llama 2 and Llama 3 against ids made by llama.cpp, and on real texts. */
class TokenizerVectorsTest {

    private static final String SEPARATOR = "\n__ggml_vocab_test__\n";

    private static Tokenizer open(String vocabulary) {
        Path file = SharedFiles.require("tokenizers/ggml-vocab-" + vocabulary + ".gguf");
        try (Gguf gguf = Gguf.open(file)) {
            return Tokenizer.of(gguf.metadata());
        }
    }

    private static String text(String name) throws IOException {
        return Files.readString(SharedFiles.require("text/" + name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "llama-bpe"})
    void encodes_all_vectors_as_llama_cpp_does(String vocabulary) throws IOException {
        Tokenizer tokenizer = open(vocabulary);
        String file = "tokenizers/ggml-vocab-" + vocabulary + ".gguf";
        String[] texts = Files.readString(SharedFiles.require(file + ".inp")).split(SEPARATOR, -1);
        List<String> expected = Files.readAllLines(SharedFiles.require(file + ".out"));
        assertThat(expected).hasSize(46);
        assertThat(texts).hasSize(46 + 1); // each text is followed by a separator

        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < expected.size(); i++) {
            int[] ids = Stream.of(expected.get(i).strip().split(" ")).filter(s -> !s.isEmpty())
                    .mapToInt(Integer::parseInt).toArray();
            int[] found = tokenizer.encodeOrdinary(texts[i]);
            if (!Arrays.equals(ids, found)) {
                wrong.add("'" + texts[i] + "': expected " + Arrays.toString(ids) + ", got " + Arrays.toString(found));
            }
            assertThat(tokenizer.decode(found)).isEqualTo(texts[i]);
        }
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"c4-sample.txt", "tinystories-sample.txt", "wiki.test.raw"})
    void decoding_gives_back_what_was_encoded(String name) throws IOException {
        String text = text(name);
        for (String vocabulary : List.of("llama-spm", "llama-bpe")) {
            Tokenizer tokenizer = open(vocabulary);
            assertThat(tokenizer.decode(tokenizer.encodeOrdinary(text)).equals(text))
                    .as("round trip of %s with %s", name, vocabulary).isTrue();
            int[] withBos = tokenizer.encode(text, EncodeOptions.PROMPT);
            assertThat(withBos[0]).isEqualTo(tokenizer.bos().getAsInt());
            assertThat(tokenizer.decode(withBos).equals(text)).isTrue();

            StreamingDecoder decoder = new StreamingDecoder();
            StringBuilder streamed = new StringBuilder();
            for (int id : tokenizer.encodeContinuation(text)) {
                streamed.append(decoder.append(tokenizer.bytes(id)));
            }
            streamed.append(decoder.flush());
            assertThat(streamed.toString().equals(text)).as("streamed %s with %s", name, vocabulary).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "llama-bpe"})
    void encodes_a_megabyte_a_second(String vocabulary) throws IOException {
        Tokenizer tokenizer = open(vocabulary);
        String text = text("wiki.test.raw");
        long bytes = Files.size(SharedFiles.require("text/wiki.test.raw"));
        long best = Long.MAX_VALUE; // the first rounds warm up, and other programs may run beside
        for (int round = 0; round < 10; round++) {
            long start = System.nanoTime();
            assertThat(tokenizer.encodeOrdinary(text)).isNotEmpty();
            best = Math.min(best, System.nanoTime() - start);
        }
        double megabytesPerSecond = bytes * 1e-6 / (best * 1e-9);
        assertThat(megabytesPerSecond).as("MB/s").isGreaterThan(1);
    }
}
