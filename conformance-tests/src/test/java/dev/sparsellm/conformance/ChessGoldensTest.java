package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Perplexity and achieved sparsity of every method, as an independent numpy model of them gave. */
class ChessGoldensTest {

    /** The goldens' names of methods, as settings. */
    private static final Map<String, String> METHODS = Map.of(
            "cats", "method=cats",
            "chess w/o", "method=chess:attention=false",
            "chess w/", "method=chess:attention=true",
            "chess-rms w/", "method=chess:weight=rms:attention=true",
            "chess+ w/o", "method=chess+:attention=false",
            "chess+ w/", "method=chess+:attention=true");

    @TempDir
    static Path folder;

    private static JsonNode goldens;
    private static Model model;
    private static Windows windows;
    private static Path profile;

    @BeforeAll
    static void calibrate() throws IOException {
        goldens = new ObjectMapper().readTree(Files.readString(SharedFiles.require("goldens/chess.json")));
        model = Model.load(
                SharedFiles.require(goldens.get("model").asText()),
                ModelOptions.defaults().withCacheDirectory(folder).withThreads(2));
        int ctx = goldens.get("ctx").asInt();
        int[] scored = SharedFiles.ids(goldens.get("ids").asText());
        int[] calibration = SharedFiles.ids(goldens.get("calibration_ids").asText());
        windows = Windows.ofIds(model.tokenizer(), scored, ctx, Integer.MAX_VALUE);
        profile = Calibrations.calibrate(model, calibration, ctx, folder.resolve("profile.gguf"));
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    @TestFactory
    List<DynamicTest> perplexityAndSparsityAreTheNumpyModels() {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode row : goldens.get("rows")) {
            String method = row.get("method").asText();
            if (!method.equals("dense")) {
                tests.add(DynamicTest.dynamicTest(method + " at " + row.get("k").asText(), () -> check(method, row)));
            }
        }
        assertThat(tests).hasSize(18);
        return tests;
    }

    private static void check(String method, JsonNode row) {
        String providers = "chess:prefill=masked:thresholds=plain:sparsity=%s:%s:profile=%s"
                .formatted(row.get("k").asText(), METHODS.get(method), profile);
        Perplexity result = Perplexity.of(model, model.lineup(providers), windows, ProgressSink.NONE);
        assertThat(result.perplexity()).isCloseTo(row.get("perplexity").asDouble(), Percentage.withPercentage(1));
        checkSparsity(result, OperatorKind.FEED_FORWARD, row.get("ffn"));
        checkSparsity(result, OperatorKind.ATTENTION_QUERY, row.get("q"));
        checkSparsity(result, OperatorKind.ATTENTION_OUTPUT, row.get("o"));
    }

    private static void checkSparsity(Perplexity result, OperatorKind kind, JsonNode expected) {
        Usage usage = result.usages().entrySet().stream()
                .filter(e -> e.getKey().kind() == kind)
                .map(Map.Entry::getValue)
                .reduce(Usage.NONE, Usage::plus);
        if (expected.isNull()) {
            assertThat(usage.channels()).isZero();
        } else {
            assertThat(usage.sparsity()).isCloseTo(expected.asDouble(), Offset.offset(0.01));
        }
    }
}
