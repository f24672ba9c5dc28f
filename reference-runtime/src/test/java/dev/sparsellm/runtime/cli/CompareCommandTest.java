package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sparsellm.runtime.plugin.Plugins;
import dev.sparsellm.runtime.plugin.ThinningProvider;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code compare}, with a provider of the tests in the place of chess. */
class CompareCommandTest {

    private static final String[] QUICK = {"--prompt", "Once upon a time", "-n", "12", "--rounds", "2", "--ctx", "32",
        "--chunks", "3"};

    private static String model;

    @TempDir
    private Path plugins;

    @BeforeAll
    static void findModel() {
        model = SharedFiles.require("models/stories260K.gguf").toString();
    }

    private CommandRun compare(String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of("compare", "--model", model));
        line.addAll(List.of(QUICK));
        line.addAll(List.of(more));
        return Plugins.with(ThinningProvider.class, plugins, () -> CommandRun.of(line.toArray(String[]::new)));
    }

    @Test
    void jsonHoldsAllFigures() throws Exception {
        JsonNode json = compare("--b", "thinning:every=4", "--json").json();
        assertThat(json.get("model").get("layers").asInt()).isEqualTo(5);
        assertThat(json.get("request").get("prompt").asText()).isEqualTo("Once upon a time");
        assertThat(json.get("request").get("scored_tokens").asInt()).isEqualTo(3 * 15);
        JsonNode dense = json.get("a");
        JsonNode thinned = json.get("b");
        assertThat(dense.get("text").asText()).startsWith(", there was a little girl");
        assertThat(dense.get("sparsity")).isEmpty();
        assertThat(dense.get("tokens_per_second").asDouble()).isPositive();
        assertThat(dense.get("tokens_per_second_rounds")).hasSize(2);
        assertThat(thinned.get("preference").asText()).isEqualTo("thinning:every=4");
        assertThat(thinned.get("settings").get("thinning.every").asText()).isEqualTo("4");
        assertThat(thinned.get("summaries").get(0).asText()).contains("number 4");
        assertThat(thinned.get("ids")).hasSizeLessThanOrEqualTo(12);
        assertThat(thinned.get("sparsity")).hasSize(5).allSatisfy(layer -> {
            // The prompt, which is read whole, does not count.
            assertThat(layer.get("feed_forward").asDouble()).isEqualTo(0.25);
            assertThat(layer.get("query").asDouble()).isEqualTo(0.25);
            assertThat(layer.get("output").asDouble()).isEqualTo(0.25);
        });
        long bytes = dense.get("weight_bytes_per_token").asLong();
        assertThat(thinned.get("weight_bytes_per_token").asLong()).isBetween(bytes * 3 / 4, bytes - 1);
        assertThat(json.get("ideal_speed_ratio").asDouble())
                .isCloseTo(bytes / thinned.get("weight_bytes_per_token").asDouble(), within(1e-6));
        assertThat(json.get("speed_ratio").asDouble()).isPositive();
        assertThat(json.get("kl").get("positions")).hasSize(3 * 15);
        assertThat(json.get("kl").get("mean").asDouble())
                .isPositive()
                .isLessThan(json.get("kl").get("p99").asDouble());
        assertThat(json.get("same_top").asDouble()).isBetween(0.01, 0.99);
        assertThat(json.get("perplexity_ratio").asDouble())
                .isCloseTo(thinned.get("perplexity").asDouble() / dense.get("perplexity").asDouble(), within(1e-9));
        assertThat(json.get("first_difference").asInt()).isBetween(0, 11);
    }

    @Test
    void aModelBesideItselfDiffersInNothing() throws Exception {
        JsonNode json = compare("--b", "dense", "--json").json();
        assertThat(json.get("kl").get("max").asDouble()).isZero();
        assertThat(json.get("same_top").asDouble()).isEqualTo(1);
        assertThat(json.get("first_difference").isNull()).isTrue();
        assertThat(json.get("ideal_speed_ratio").asDouble()).isEqualTo(1);
        assertThat(json.get("perplexity_ratio").asDouble()).isEqualTo(1);
        CommandRun shown = compare("--b", "dense").succeeds();
        assertThat(shown.out()).contains("Both write the same.", "Nothing was left out").doesNotContain("»", "█");
    }

    @Test
    void aPersonSeesTextsSideBySideAndBarsAndWhatItMeans() throws Exception {
        CommandRun run = compare("--b", "thinning").succeeds();
        assertThat(run.out()).contains(
                "Both write on from: Once upon a time", "│", "»", "█████░░░░░ 50 %", "tokens per second",
                "weights read per token", "perplexity", "KL divergence", "same likeliest token",
                "leaves out 50 % of the feed-forward channels", "synthesize");
        assertThat(run.out().lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(110));
        assertThat(run.out()).doesNotContain("\033");
    }

    @Test
    void theTextMayComeFromAFileAndThenThePromptDoesToo(@TempDir Path folder) throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "A small dog ran over the hill and saw a cat. ".repeat(20));
        CommandRun run = Plugins.with(ThinningProvider.class, plugins, () -> CommandRun.of(
                "compare", "--model", model, "--b", "thinning", "--file", text.toString(), "-n", "4", "--rounds", "1", "--ctx",
                "32", "--chunks", "2", "--json"));
        JsonNode request = run.json().get("request");
        assertThat(request.get("prompt").asText()).startsWith("A small dog ran").hasSizeLessThan(121);
        assertThat(request.get("chunks").asInt()).isEqualTo(2);
    }

    @Test
    void withoutAnythingToCompareWithItSaysWhatToDo() {
        CommandRun.of("compare", "--model", model).failsWith(ExitCode.FAILED, "chess-plugin", "plugins", "--b");
    }

    @Test
    void theReportIsWrittenWhole(@TempDir Path folder) throws Exception {
        Path report = folder.resolve("report.html");
        CommandRun run = compare("--b", "thinning", "--html", report.toString()).succeeds();
        assertThat(run.err()).contains("wrote " + report);
        assertThat(report).content().startsWith("<!DOCTYPE html>").endsWith("</html>\n");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(report);
        }
    }

    @Test
    void aReportThatCannotBeWrittenIsRefusedBeforeTheWork(@TempDir Path folder) throws IOException {
        String missing = folder.resolve("missing/report.html").toString();
        CommandRun.of("compare", "--model", model, "--b", "dense", "--html", missing)
                .failsWith(ExitCode.USAGE, "no folder", "missing");
        CommandRun.of("compare", "--model", model, "--b", "dense", "--html", folder.toString())
                .failsWith(ExitCode.USAGE, "it is a folder");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void wrongNumbersAreRefused() {
        for (String option : new String[] {"-n", "--rounds", "--chunks", "--ctx"}) {
            CommandRun.of("compare", "--model", model, "--b", "dense", option, "0")
                    .failsWith(ExitCode.USAGE, option + " is 0");
        }
        CommandRun.of("compare", "--model", model, "--b", "dense", "--temp", "-1").failsWith(ExitCode.USAGE, "temperature");
        CommandRun.of("compare", "--model", model, "--b", "nobody").failsWith(ExitCode.FAILED, "nobody");
        CommandRun.of("compare", "--model", model, "--b", "dense", "--provider", "dense")
                .failsWith(ExitCode.USAGE, "--provider");
    }
}
