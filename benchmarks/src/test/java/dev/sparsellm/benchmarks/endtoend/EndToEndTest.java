package dev.sparsellm.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sparsellm.runtime.synthetic.Shape;
import dev.sparsellm.runtime.synthetic.SyntheticModel;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class EndToEndTest {

    @TempDir
    private Path folder;

    @Test
    void a_tiny_model_is_made_calibrated_and_measured_in_turns() throws Exception {
        assertThat(Files.createDirectories(folder.resolve("work"))).isDirectory();
        int code = new CommandLine(new EndToEnd()).execute("--work", folder.resolve("work").toString(), "--shapes", "tiny",
                "--types", "Q8_0", "--quick", "-r", "2", "-p", "8", "-n", "4", "-t", "2");
        assertThat(code).isZero();
        String table = Files.readString(folder.resolve("work/end-to-end.md"));
        assertThat(table).contains("**tiny, Q8_0**", "2 threads", "| dense |", "| CHESS w/, k = 0.5 |");
        JsonNode rows = new JsonMapper().readTree(folder.resolve("work/end-to-end.json").toFile())
                .path("files").path(0).path("rows");
        assertThat(rows).hasSize(Entrant.FEW.size());
        for (JsonNode row : rows) {
            assertThat(row.path("rounds")).hasSize(2);
            assertThat(row.path("rounds").path(0).path("decode").asDouble()).isPositive();
            boolean dense = row.path("name").asText().equals("dense");
            assertThat(row.path("limit").asDouble()).isBetween(dense ? 1.0 : 1.1, dense ? 1.0 : 2.0);
        }
    }

    @Test
    void start_up_is_told_step_by_step_and_token_by_token() throws Exception {
        Path file = folder.resolve("tiny.gguf");
        SyntheticModel.write(Shape.TINY, 1, 600, TensorType.Q8_0, 1, file, ProgressSink.NONE);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StartUp.run(file, "dense", 7, new PrintStream(out, true, StandardCharsets.UTF_8));
        assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(4)
                .anyMatch(line -> line.contains("first token after"))
                .anyMatch(line -> line.startsWith("tokens 2 to 2: "))
                .anyMatch(line -> line.startsWith("tokens 5 to 7: "));
    }

    @Test
    void ratios_are_medians_of_rounds() {
        Outcome.Row dense = new Outcome.Row("dense", 1, 1, List.of(new Speeds(1, 10), new Speeds(1, 20), new Speeds(1, 5)));
        Outcome.Row other = new Outcome.Row("other", 1, 1, List.of(new Speeds(1, 15), new Speeds(1, 24), new Speeds(1, 10)));
        assertThat(Report.ratio(other, dense)).isCloseTo(1.5, within(1e-12));
        assertThat(Report.median(new double[] {4, 1, 3, 2})).isEqualTo(2.5);
    }

    @Test
    void a_model_that_is_too_large_keeps_its_head_in_proportion() {
        ModelFile large = ModelFile.of(Shape.LLAMA_3_8B, "Q8_0");
        assertThat(large.layers()).isEqualTo(8);
        assertThat(large.vocabulary()).isEqualTo(32064);
        assertThat(Llama3Java.loads(large.vocabulary())).isFalse();
        ModelFile small = ModelFile.of(Shape.LLAMA_3_2_1B, "Q8_0");
        assertThat(small.layers()).isEqualTo(16);
        assertThat(Llama3Java.loads(small.vocabulary())).isTrue();
    }

    /** As printed by llama.cpp b4620 and by llama3.java of April 2026; other fields left out. */
    @Test
    void what_other_runtimes_print_is_understood() throws Exception {
        assertThat(LlamaCpp.parse("""
                [ { "n_threads": 2, "n_prompt": 128, "n_gen": 0, "avg_ts": 117.25 },
                  { "n_threads": 2, "n_prompt": 0, "n_gen": 48, "avg_ts": 12.5 } ]""")).isEqualTo(new Speeds(117.25, 12.5));
        assertThat(Llama3Java.parse("\ncontext: 40/512 prompt: 4.90 tokens/s (24) generation: 5.10 tokens/s (16)\n"))
                .isEqualTo(new Speeds(4.9, 5.1));
        assertThatIOException().isThrownBy(() -> LlamaCpp.parse("[]")).withMessageContaining("no speeds");
        assertThatIOException().isThrownBy(() -> Llama3Java.parse("Killed")).withMessageContaining("Killed");
    }

    @Test
    void what_is_missing_is_named() {
        assertThatIllegalArgumentException().isThrownBy(() -> LlamaCpp.program(folder)).withMessageContaining("llama-bench");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Llama3Java.compile(folder, folder.resolve("classes")))
                .withMessageContaining("Llama3.java");
        assertThatIOException()
                .isThrownBy(() -> Programs.run(List.of("sh", "-c", "echo lost; exit 3")))
                .withMessageContainingAll("3", "lost");
    }
}
