package dev.sparsellm.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.testing.EveryWidth;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Figures and texts that llama.cpp and an independent numpy model gave for the same files. */
@EveryWidth
class GoldensTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Scalar code takes a minute for all types; how each is unpacked is tested with the kernels, at every width. */
    private static final Set<String> SCALAR_TYPES = Set.of("F32", "Q8_0", "Q4_K_M");

    @TestFactory
    List<DynamicTest> perplexityAgreesWithLlamaCpp() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode golden : JSON.readTree(Files.readString(SharedFiles.require("goldens/perplexity.json")))) {
            String model = golden.get("model").asText();
            String type = model.replaceFirst(".*random-2L-(.*)\\.gguf", "$1");
            if (!type.equals(model) && !vectors() && !SCALAR_TYPES.contains(type)) {
                continue;
            }
            String name = "%s, %s, %d × %d".formatted(
                    model, golden.get("file").asText(), golden.get("chunks").asInt(), golden.get("ctx").asInt());
            tests.add(DynamicTest.dynamicTest(name, () -> {
                try (Model opened = open(model)) {
                    String text = Files.readString(SharedFiles.require(golden.get("file").asText()));
                    Windows windows = Windows.ofText(
                            opened.tokenizer(), text, golden.get("ctx").asInt(), golden.get("chunks").asInt());
                    Perplexity result = Perplexity.of(opened, opened.lineup("dense"), windows, ProgressSink.NONE);
                    assertThat(result.windows()).isEqualTo(golden.get("chunks").asInt());
                    assertThat(result.perplexity())
                            .isCloseTo(golden.get("perplexity").asDouble(), Percentage.withPercentage(0.05));
                }
            }));
        }
        assertThat(tests).hasSize(vectors() ? 16 : 6);
        return tests;
    }

    @Test
    void perplexityOnTokenIdsAgreesWithTheNumpyModel() throws IOException {
        JsonNode golden = JSON.readTree(Files.readString(SharedFiles.require("goldens/chess.json")));
        try (Model model = open(golden.get("model").asText())) {
            int[] ids = SharedFiles.ids(golden.get("ids").asText());
            Windows windows = Windows.ofIds(model.tokenizer(), ids, golden.get("ctx").asInt(), Integer.MAX_VALUE);
            Perplexity result = Perplexity.of(model, model.lineup("dense"), windows, ProgressSink.NONE);
            JsonNode dense = golden.get("rows").get(0);
            assertThat(dense.get("method").asText()).isEqualTo("dense");
            assertThat(result.perplexity())
                    .isCloseTo(dense.get("perplexity").asDouble(), Percentage.withPercentage(0.01));
        }
    }

    @TestFactory
    List<DynamicTest> greedyTextIsLlamaCpps() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode golden : JSON.readTree(Files.readString(SharedFiles.require("goldens/greedy.json")))) {
            tests.add(DynamicTest.dynamicTest(golden.get("prompt").asText(), () -> {
                try (Model model = open(golden.get("model").asText());
                        Session session = model.newSession(model.lineup("dense"), 512)) {
                    Generation generation = session.generate(
                            new GenerationRequest(
                                    session.prompt(golden.get("prompt").asText()),
                                    golden.get("n").asInt(),
                                    SamplingOptions.greedy()),
                            TokenSink.NONE);
                    assertThat(generation.text().strip())
                            .isEqualTo(golden.get("text").asText().strip());
                }
            }));
        }
        assertThat(tests).isNotEmpty();
        return tests;
    }

    @Test
    void logitsHaveTheSameBitsOnAnyNumberOfThreads() {
        List<float[]> runs = new ArrayList<>();
        for (int threads : new int[] {1, 2, 4}) {
            try (Model model = open("models/types/random-2L-Q4_K_M.gguf", threads);
                    Session session = model.newSession(model.lineup("dense"), 300)) {
                int[] ids = session.prompt("Once upon a time there was a little girl. ".repeat(16));
                int vocab = model.description().shape().vocab();
                float[] logits = new float[ids.length * vocab];
                session.read(ids, 0, (row, all, offset) ->
                        System.arraycopy(all, offset, logits, row * vocab, vocab));
                runs.add(logits);
            }
        }
        assertThat(runs.get(1)).isEqualTo(runs.get(0));
        assertThat(runs.get(2)).isEqualTo(runs.get(0));
    }

    /** One thread is enough for models this small, but where code is scalar; any number gives the same bits. */
    private static Model open(String file) {
        return open(file, vectors() ? 1 : 2);
    }

    private static Model open(String file, int threads) {
        return Model.load(SharedFiles.require(file), ModelOptions.defaults().withThreads(threads));
    }

    private static boolean vectors() {
        return KernelChoice.ofThisJvm().kernels().vectorBits() > 32;
    }
}
