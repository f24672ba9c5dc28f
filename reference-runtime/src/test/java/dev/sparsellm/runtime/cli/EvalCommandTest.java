package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code eval}, on the demo model. */
class EvalCommandTest {

    @TempDir
    private Path folder;

    private CommandRun eval(String... options) throws IOException {
        Files.write(folder.resolve("piqa.jsonl"), List.of(
                "{\"goal\":\"open a door\",\"sol1\":\"turn the handle\",\"sol2\":\"paint it\",\"label\":0}",
                "{\"goal\":\"drink\",\"sol1\":\"a shoe\",\"sol2\":\"water\",\"label\":1}"));
        Files.write(folder.resolve("lambada.jsonl"), List.of("{\"text\":\"once upon a time\"}"));
        String[] line = new String[options.length + 4];
        System.arraycopy(new String[] {"eval", "--data", folder.toString(), "--threads=1"}, 0, line, 0, 4);
        System.arraycopy(options, 0, line, 4, options.length);
        return CommandRun.of(line);
    }

    @Test
    void jsonHoldsAllFigures() throws IOException {
        JsonNode json = eval("--task", "piqa,lambada,generation", "--provider", "dense,dense", "-n", "4", "--limit", "2",
                        "--json").json();
        assertThat(json.get("results")).hasSize(2).allSatisfy(result -> {
            assertThat(result.get("n").asInt()).isEqualTo(2);
            assertThat(result.get("picks")).hasSize(2);
            assertThat(result.get("acc_stderr").isNumber()).isTrue();
            assertThat(result.get("same_picks").asDouble()).isEqualTo(1);
        });
        assertThat(json.get("average")).hasSize(2);
        assertThat(json.get("last_word").get(0).get("task").asText()).isEqualTo("lambada");
        // One passage has no spread.
        assertThat(json.get("last_word").get(0).get("acc_stderr").isNull()).isTrue();
        assertThat(json.get("generation").get(0).get("agreed")).hasSize(2).allSatisfy(
                n -> assertThat(n.asInt()).isEqualTo(4));
    }

    @Test
    void theTableNamesTasksAndProviders() throws IOException {
        CommandRun run = eval("--task", "piqa,last_word", "--provider", "dense", "--limit", "1",
                "--journal", folder.resolve("journal").toString()).succeeds();
        assertThat(run.out())
                .containsPattern("piqa +dense +1 +\\d+\\.00 +\\d+\\.00 ")
                .containsPattern("last_word +dense +1 +\\d+\\.00 ");
        assertThat(folder.resolve("journal")).content().contains("\"task\":\"piqa\"").contains("\"task\":\"last_word\"");
    }

    @Test
    void whatMakesNoSenseIsSaidAtOnce() throws IOException {
        eval("--task", "quizz").failsWith(ExitCode.USAGE, "quizz", "hellaswag", "generation");
        eval("--task", "piqa", "--limit", "0").failsWith(ExitCode.USAGE, "--limit");
        eval("--task", "generation", "--provider", "dense").failsWith(ExitCode.USAGE, "--provider");
        CommandRun.of("eval", "--task", "all").failsWith(ExitCode.USAGE, "--data", "arc_challenge.jsonl");
        eval("--task", "sciq", "--provider", "dense").failsWith(ExitCode.FAILED, "sciq.jsonl", "--data");
    }
}
