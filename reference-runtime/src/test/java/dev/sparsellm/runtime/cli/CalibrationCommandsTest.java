package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sparsellm.runtime.plugin.Plugins;
import dev.sparsellm.runtime.plugin.ThinningProvider;
import dev.sparsellm.testing.SharedFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code calibrate}, {@code merge-profiles} and {@code inspect --profile}, with a provider of the tests. */
class CalibrationCommandsTest {

    private static final String IDS = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";

    private static String model;

    @TempDir
    private Path plugins;

    @TempDir
    private Path folder;

    @BeforeAll
    static void findModel() {
        model = SharedFiles.require("models/stories260K.gguf").toString();
    }

    private CommandRun run(String... line) throws Exception {
        return Plugins.with(ThinningProvider.class, plugins, () -> CommandRun.of(line));
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void calibrateHandsTheRequestToTheProvider() throws Exception {
        CommandRun run = run("calibrate", "--model", model, "--text", IDS, "--ids", "--ctx", "4", "-o", file("p"))
                .succeeds();
        assertThat(folder.resolve("p")).hasContent("0 1 true\n1 5 true\n2 9 true\n3 13 true");
        assertThat(run.err()).contains("wrote " + file("p"), "-Dthinning.profile=" + file("p"));
        assertThat(run.out()).isEmpty();
    }

    @Test
    void shardsCountFromOneAndMerge() throws Exception {
        JsonNode json = run("calibrate", "--model", model, "--text", IDS, "--ids", "--ctx", "4", "--shard", "1/2",
                        "--no-resume", "-o", file("a"), "--json")
                .json();
        assertThat(json.get("provider").asText()).isEqualTo("thinning");
        assertThat(json.get("profile").asText()).isEqualTo(file("a"));
        assertThat(json.get("seconds").asDouble()).isPositive();
        run("calibrate", "--model", model, "--text", IDS, "--ids", "--ctx", "4", "--shard", "2/2", "--no-resume", "-o",
                        file("b"))
                .succeeds();
        assertThat(folder.resolve("a")).hasContent("0 1 false\n2 9 false");
        assertThat(folder.resolve("b")).hasContent("1 5 false\n3 13 false");
        run("merge-profiles", file("b"), file("a"), "-o", file("whole")).succeeds();
        assertThat(folder.resolve("whole")).hasContent("0 1 false\n1 5 false\n2 9 false\n3 13 false");
    }

    @Test
    void inspectShowsAProfileForTheSettingsAskedFor() throws Exception {
        Files.writeString(folder.resolve("p"), "one\ntwo\n");
        CommandRun run = run("inspect", "--profile", file("p"), "--thinning.every", "5").succeeds();
        assertThat(run.out()).contains("windows", "2", "A table", "5.000", "seven").doesNotContain("\u001B");
        JsonNode json = run("inspect", "--profile", file("p"), "--json").json();
        assertThat(json.get("facts").get("windows").asText()).isEqualTo("2");
        JsonNode row = json.get("tables").get(0).get("rows").get(0);
        assertThat(row.get(0).asDouble()).isEqualTo(2);
        assertThat(row.get(1).isNull()).isTrue();
        assertThat(row.get(2).asLong()).isEqualTo(7);
    }

    @Test
    void inspectMeasuresWhatAProfileLeavesOutOfAText() throws Exception {
        Files.writeString(folder.resolve("p"), "one\n");
        String text = "One day a girl met a dog. ".repeat(40);
        JsonNode json = run("inspect", "--profile", file("p"), "--model", model, "--text", text, "--ctx", "32",
                        "--chunks", "2", "--thinning.every", "4", "--json")
                .json();
        JsonNode table = json.get("tables").get(1);
        assertThat(table.get("columns").toString()).contains("asked", "achieved");
        assertThat(table.get("rows")).hasSize(15).allSatisfy(row -> {
            assertThat(row.get(2).asText()).isEqualTo("thinned");
            assertThat(row.get(3).asDouble()).isEqualTo(0.25);
        });
        run("inspect", "--model", model, "--text", text).failsWith(ExitCode.USAGE, "--profile");
    }

    @Test
    void mistakesAreNamed() throws Exception {
        run("calibrate", "--model", model, "-o", file("p")).failsWith(ExitCode.USAGE, "--file");
        run("calibrate", "--model", model, "--text", "a", "--shard", "0/2", "-o", file("p"))
                .failsWith(ExitCode.USAGE, "--shard is '0/2'", "1/4");
        run("calibrate", "--model", model, "--text", "a", "--shard", "3/2", "-o", file("p"))
                .failsWith(ExitCode.USAGE, "--shard is '3/2'");
        run("calibrate", "--model", model, "--text", "a", "--ctx", "1", "-o", file("p"))
                .failsWith(ExitCode.USAGE, "window");
        run("calibrate", "--model", model, "--text", "1 99999", "--ids", "-o", file("p"))
                .failsWith(ExitCode.FAILED, "99999");
        run("calibrate", "--model", model, "--text", "a", "--provider", "dense", "-o", file("p"))
                .failsWith(ExitCode.USAGE, "'dense'", "thinning");
        run("merge-profiles", file("p"), "-o", file("q")).failsWith(ExitCode.USAGE, "PROFILE");
        run("inspect", "--profile", file("none")).failsWith(ExitCode.FAILED, "none");
        CommandRun.of("inspect", "--profile", file("p")).failsWith(ExitCode.FAILED, "learns from text", "chess-plugin");
    }
}
