package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.runtime.cli.Main;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.compare.TextQuality;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.ProgressSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sweep} on the demo model. */
class SweepCommandTest {

    @TempDir
    private static Path folder;

    private record Run(int code, String out, String err) {}

    private static Run sweep(String... options) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        List<String> line = new ArrayList<>(List.of(
                "sweep", "--model", DemoModel.locate(folder).orElseThrow().toString(), "--chess.cache", folder.toString(),
                "--threads=2"));
        line.addAll(List.of(options));
        int code = Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                line.toArray(String[]::new));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void everyPointIsWhatCompareSays() throws IOException {
        Path html = folder.resolve("sweep.html");
        Path csv = folder.resolve("sweep.csv");
        Run run = sweep("--sparsity", "0.4..0.8:0.4", "--methods", "cats,chess+", "--chunks", "2", "--ctx", "64", "-r", "1",
                "-n", "4", "--json", "--html", html.toString(), "--csv", csv.toString());
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(run.out());
        JsonNode points = json.get("points");
        assertThat(points).hasSize(4);
        try (Model model = Demo.open(folder)) {
            Windows windows = Windows.ofText(model.tokenizer(), DemoTexts.heldOut(), 64, 2);
            JsonNode last = points.get(3);
            assertThat(last.get("preference").asText()).isEqualTo("chess:method=chess+:sparsity=0.8");
            TextQuality quality = TextQuality.of(model, model.lineup("dense"),
                    model.lineup(last.get("preference").asText()), windows, ProgressSink.NONE);
            assertThat(last.get("perplexity").asDouble()).isCloseTo(quality.otherPerplexity(), within(1e-9));
            assertThat(last.get("kl").asDouble()).isCloseTo(quality.meanKl(), within(1e-9));
            assertThat(json.get("reference").get("perplexity").asDouble())
                    .isCloseTo(quality.referencePerplexity(), within(1e-9));
        }
        // More is left out, fewer bytes are read, and at this much quality suffers.
        assertThat(points.get(3).get("ideal_ratio").asDouble()).isGreaterThan(points.get(2).get("ideal_ratio").asDouble());
        assertThat(points.get(3).get("kl").asDouble()).isGreaterThan(points.get(2).get("kl").asDouble());
        assertThat(points.get(0).get("feed_forward").asDouble()).isCloseTo(0.4, within(0.05));
        assertThat(points.get(0).get("query").isNull()).isTrue();
        assertThat(points.get(0).get("speed_ratio").asDouble()).isPositive();
        assertThat(Files.readAllLines(csv)).hasSize(5).first().asString().startsWith("series,level,preference,perplexity,");
        assertThat(Files.readString(html)).contains("<canvas id=\"trade\"", "\"ideal_ratio\":", "Chart.js")
                .doesNotContain("{{", "http://", "src=");
    }

    @Test
    void whatMakesNoSenseIsSaidAtOnce() {
        assertThat(sweep("--sparsity", "0.8..0.3")).satisfies(run -> {
            assertThat(run.code()).isEqualTo(2);
            assertThat(run.err()).contains("before it begins");
        });
        assertThat(sweep("--sparsity", "much").err()).contains("--sparsity", "0.3..0.8");
        assertThat(sweep("--sparsity", "0..1:0").err()).contains("levels");
        assertThat(sweep("--methods", "best", "-r", "0").err()).contains("best");
    }
}
