package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * No room left, and folders that nobody may write to. For the first, processes may write files of 40 KiB only ({@code
 * ulimit -f}), which needs no file system of its own; for the second there is /proc, where not even root may.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc, /dev/full and a shell's ulimit")
class FullDiskTest {

    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final Path NOWHERE = Path.of("/proc/sparsellm");

    @TempDir
    Path folder;

    private Path model;
    private Path text;

    @BeforeEach
    void write() throws IOException {
        model = Files.write(folder.resolve("model.gguf"), SmallModel.sentencePiece().bytes());
        text = Files.writeString(folder.resolve("text.txt"), "ab c abc ".repeat(200));
    }

    private record Ended(int code, String out, List<String> err) {

        /** Failed with one line on stderr, apart from notices. */
        Ended failed() {
            assertThat(code).as("%s", err).isEqualTo(1);
            assertThat(err).isNotEmpty().allMatch(line -> line.startsWith("sparsellm: "));
            assertThat(err.getLast()).doesNotContain("Exception", "Internal error");
            return this;
        }
    }

    private Ended run(String shell, Path cache, String... command) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(
                "sh", "-c", shell, "sh", JAVA, "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xmx256m",
                "-Dsparsellm.vectorBits=0", "-Dsparsellm.threads=1", "-Dsparsellm.model=" + model,
                "-Dsparsellm.cache=" + cache, "-cp", System.getProperty("java.class.path"),
                "dev.sparsellm.runtime.cli.Main"));
        line.addAll(Arrays.asList(command));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(line).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
        int code = builder.start().waitFor();
        return new Ended(
                code,
                Files.readString(out),
                Files.readAllLines(err, StandardCharsets.UTF_8).stream()
                        .filter(l -> l.startsWith("sparsellm: ") || l.contains("Exception") || l.contains("\tat "))
                        .toList());
    }

    private Ended withLittleRoom(String... command) throws IOException, InterruptedException {
        return run("ulimit -f 80; exec \"$@\"", folder.resolve("cache"), command);
    }

    private List<String> namesIn(Path place) throws IOException {
        try (Stream<Path> files = Files.list(place)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void a_profile_for_which_there_is_no_room_leaves_the_old_one_in_place() throws Exception {
        Path profile = Files.writeString(Files.createDirectory(folder.resolve("p")).resolve("profile.gguf"), "old");
        Ended ended = withLittleRoom(
                        "calibrate", "--file", text.toString(), "--ctx", "32", "-o", profile.toString())
                .failed();
        assertThat(ended.err.getLast()).contains("cannot be written", profile.toString());
        assertThat(profile).hasContent("old");
        assertThat(namesIn(profile.getParent())).containsExactly("profile.gguf");
    }

    @Test
    void a_cache_without_room_costs_time_and_nothing_else() throws Exception {
        Ended ended = withLittleRoom("generate", "--prompt", "ab c", "-n", "4", "--temp", "0");
        assertThat(ended.code).as("%s", ended.err).isZero();
        assertThat(ended.err).anyMatch(line -> line.contains("could not be cached"));
        assertThat(namesIn(folder.resolve("cache")))
                .allMatch(name -> !name.endsWith(".tmp") && !name.contains("profile"));
        Ended elsewhere = run("exec \"$@\"", NOWHERE, "generate", "--prompt", "ab c", "-n", "4", "--temp", "0");
        assertThat(elsewhere.code).as("%s", elsewhere.err).isZero();
        assertThat(elsewhere.err).anyMatch(line -> line.contains("is not writable"));
        assertThat(elsewhere.out).isEqualTo(ended.out);
    }

    @Test
    void results_that_cannot_be_written_are_a_failure() throws Exception {
        Ended full = run("exec \"$@\" > /dev/full", folder.resolve("cache"), "inspect").failed();
        assertThat(full.err.getLast()).contains("stdout");
    }

    @Test
    void folders_that_nobody_may_write_to_are_named() throws Exception {
        Ended profile = run("exec \"$@\"", folder.resolve("cache"),
                "calibrate", "--file", text.toString(), "--ctx", "32", "-o",
                NOWHERE.resolveSibling("p.gguf").toString());
        assertThat(profile.failed().err.getLast()).contains("/proc");
    }
}
