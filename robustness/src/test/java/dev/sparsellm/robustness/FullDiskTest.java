package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
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
 * No room left, and folders that nobody may write to. For the first there are file systems in memory of a few KiB, which
 * only the process sees that fills them; where the system allows no such thing, processes may write files of 40 KiB only
 * ({@code ulimit -f}), and what needs a full disk is skipped. For the second there is /proc, where not even root may.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc, /dev/full and a shell's ulimit")
class FullDiskTest {

    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final boolean MOUNTS = mounts();
    private static final Path NOWHERE = Path.of("/proc/sparsellm");

    private static final String[] COMPARE = {
        "compare", "--prompt", "ab c", "--file", "TEXT", "-n", "4", "-r", "1", "--ctx", "16", "--chunks", "1", "--json"
    };
    private static final String[] SWEEP = {
        "sweep", "--file", "TEXT", "-n", "4", "-r", "0", "--ctx", "16", "--chunks", "1", "--sparsity", "0.5", "--methods",
        "cats"
    };

    @TempDir
    Path folder;

    private Path model;
    private Path text;
    private Path small;
    private Path left;

    @BeforeEach
    void write() throws IOException {
        small = Files.createDirectory(folder.resolve("small"));
        left = folder.resolve("left");
        model = Files.write(folder.resolve("model.gguf"), SmallModel.sentencePiece().bytes());
        text = Files.writeString(folder.resolve("text.txt"), "ab c abc ".repeat(200));
    }

    private String[] with(String[] command, String... more) {
        return Stream.concat(Stream.of(command), Stream.of(more))
                .map(word -> word.equals("TEXT") ? text.toString() : word)
                .toArray(String[]::new);
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

    /** Has a command run with its cache in the folder small, which has that much room. */
    private Ended withRoom(String kib, String first, String... command) throws IOException, InterruptedException {
        // What is left of it is gone with the process: it is looked at before.
        String rest = first + "; \"$@\"; code=$?; find '" + small + "' -type f -size +0 -printf '%P\\n' > '" + left
                + "'; exit $code";
        String shell = MOUNTS
                ? "exec unshare -rm sh -c \"mount -t tmpfs -o size=" + kib + "k none '" + small + "'; " + escaped(rest)
                        + "\" sh \"$@\""
                : "ulimit -f " + 2 * Integer.parseInt(kib) + "; " + rest;
        return run(shell, small.resolve("cache"), command);
    }

    private static String escaped(String shell) {
        return shell.replaceAll("[\\\\\"$]", "\\\\$0");
    }

    private static boolean mounts() {
        try {
            return new ProcessBuilder("unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=4k", "none", "/mnt")
                            .redirectErrorStream(true)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // no such command
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> leftOver() throws IOException {
        return Files.readAllLines(left);
    }

    @Test
    void a_profile_for_which_there_is_no_room_leaves_the_old_one_in_place() throws Exception {
        Path profile = small.resolve("p.gguf");
        Ended ended = withRoom(
                        "40",
                        "echo old > '" + profile + "'",
                        "calibrate", "--file", text.toString(), "--ctx", "32", "-o", profile.toString())
                .failed();
        assertThat(ended.err.getLast()).contains("cannot be written", profile.toString());
        assertThat(ended.err.getLast()).contains(MOUNTS ? "No space left on device" : "File too large");
        assertThat(leftOver()).containsExactly("p.gguf");
    }

    @Test
    void a_cache_without_room_costs_time_and_nothing_else() throws Exception {
        Ended ended = withRoom("4", ":", "generate", "--prompt", "ab c", "-n", "4", "--temp", "0");
        assertThat(ended.code).as("%s", ended.err).isZero();
        assertThat(ended.err)
                .anyMatch(line -> line.contains("profile could not be cached"))
                .anyMatch(line -> line.contains("Repacked weights cannot be kept"));
        assertThat(leftOver()).isEmpty();
        Ended elsewhere = run("exec \"$@\"", NOWHERE, "generate", "--prompt", "ab c", "-n", "4", "--temp", "0");
        assertThat(elsewhere.code).as("%s", elsewhere.err).isZero();
        assertThat(elsewhere.err).anyMatch(line -> line.contains("is not writable"));
        assertThat(elsewhere.out).isEqualTo(ended.out);
    }

    @Test
    void a_page_for_which_there_is_no_room_is_no_page_and_the_figures_are_printed_all_the_same() throws Exception {
        Path page = small.resolve("page.html");
        Ended ended = withRoom("40", ":", with(COMPARE, "--html", page.toString())).failed();
        assertThat(ended.err.getLast()).contains(page.toString(), MOUNTS ? "No space left on device" : "File too large");
        assertThat(ended.out).contains("\"same_top\"");
        assertThat(leftOver()).noneMatch(name -> name.contains("page"));
    }

    /** For what ends up on a device that is full. In this JVM: nothing that it runs in is full. */
    private void assertFailsOn(Path device, String... command) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                new PrintStream(OutputStream.nullOutputStream()),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                with(command, "--model", model.toString(), "--chess.cache", folder.resolve("cache").toString()));
        List<String> lines = err.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(code).as("%s", lines).isEqualTo(1);
        assertThat(lines).allMatch(line -> line.startsWith("sparsellm: "));
        assertThat(lines.getLast()).contains(device.toString()).doesNotContain("Internal error");
        assertThat(device).as("still what it was").isSymbolicLink();
    }

    @Test
    void files_on_a_full_device_are_a_failure_and_the_device_is_not_replaced() throws IOException {
        // A link: were it replaced, nothing would be lost.
        Path full = Files.createSymbolicLink(folder.resolve("full"), Path.of("/dev/full"));
        assertFailsOn(full, with(COMPARE, "--html", full.toString()));
        assertFailsOn(full, with(SWEEP, "--csv", full.toString()));
        assertFailsOn(full, with(SWEEP, "--html", full.toString()));
        assertFailsOn(full, "eval", "--task", "last_word", "--file", text.toString(), "--limit", "1", "--journal",
                full.toString());
    }

    @Test
    void results_that_cannot_be_written_are_a_failure() throws Exception {
        Ended full = run("exec \"$@\" > /dev/full", folder.resolve("cache"), "inspect").failed();
        assertThat(full.err.getLast()).contains("stdout");
    }

    @Test
    void a_profile_does_not_take_the_place_of_a_device() throws IOException {
        Path nothing = Files.createSymbolicLink(folder.resolve("nothing"), Path.of("/dev/null"));
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                new PrintStream(OutputStream.nullOutputStream()),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                "calibrate", "--model", model.toString(), "--file", text.toString(), "-o", nothing.toString());
        assertThat(code).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(nothing + " is there already, and is no file");
        assertThat(nothing).isSymbolicLink();
    }

    @Test
    void folders_that_nobody_may_write_to_are_named() throws Exception {
        Ended profile = run("exec \"$@\"", folder.resolve("cache"),
                "calibrate", "--file", text.toString(), "--ctx", "32", "-o",
                NOWHERE.resolveSibling("p.gguf").toString());
        assertThat(profile.failed().err.getLast()).contains("/proc");
    }
}
