package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher and the packaged jars, as processes. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class LauncherIT {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final String LAUNCHER = PROJECT.resolve("sparsellm").toString();
    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final String MAIN = "dev.sparsellm.runtime.cli.Main";
    private static final String STORY = ", there was a little girl named Lily";

    private static String model;
    private static String jar;

    @TempDir
    private Path folder;

    @BeforeAll
    static void find() throws IOException {
        model = SharedFiles.require("models/stories260K.gguf").toString();
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            jar = files.filter(file -> file.getFileName().toString().matches("sparsellm-reference-runtime-[^-]*(-SNAPSHOT)?\\.jar"))
                    .findFirst()
                    .orElseThrow()
                    .toAbsolutePath()
                    .toString();
        }
    }

    private record Ended(int code, String out, String err) {}

    private Process start(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.redirectError(folder.resolve("stderr").toFile());
        // The jars are there, and a build inside the build would pull them away.
        builder.environment().put("SPARSELLM_NO_BUILD", "1");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().keySet().removeAll(List.of("SPARSELLM_JAVA", "SPARSELLM_JAVA_OPTS", "JDK_JAVA_OPTIONS"));
        return builder.start();
    }

    private Ended end(Process process) throws IOException, InterruptedException {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), out, Files.readString(folder.resolve("stderr")));
    }

    private Ended run(String... command) throws IOException, InterruptedException {
        return end(start(List.of(command)));
    }

    private String[] story(String... start) {
        List<String> command = new ArrayList<>(Arrays.asList(start));
        command.addAll(List.of("generate", "--model", model, "--prompt", "Once upon a time", "-n", "10", "--temp", "0"));
        // The launcher finds every plugin of this project that is built.
        command.addAll(List.of("--provider", "dense"));
        return command.toArray(String[]::new);
    }

    @Test
    void runsFromAnyFolderThroughLinksWithBlanksInTheirNames() throws Exception {
        Path deep = Files.createDirectories(folder.resolve("a folder/with blanks"));
        Path absolute = Files.createSymbolicLink(deep.resolve("one link"), Path.of(LAUNCHER));
        Path relative = Files.createSymbolicLink(folder.resolve("another"), Path.of("a folder/with blanks/one link"));
        assertThat(Files.isSameFile(absolute, relative)).isTrue();
        Ended ended = run(story(relative.toString()));
        assertThat(ended.err).contains("wrote 10 at");
        assertThat(ended.code).isZero();
        assertThat(ended.out.strip()).isEqualTo(STORY);
    }

    @Test
    void handsPropertiesToTheJvmAndLeavesTheOtherArgumentsAlone() throws Exception {
        Ended ended = run(LAUNCHER, "tokenize", "--text", "a  b\n*", "-Dsparsellm.model=" + model, "--json");
        assertThat(ended.code).isZero();
        Ended direct = run(LAUNCHER, "tokenize", "--model", model, "--text", "a  b\n*", "--json");
        assertThat(ended.out).isEqualTo(direct.out).startsWith("{\"ids\":[");
        Ended wrong = run(LAUNCHER, "providers", "-Dsparsellm.modle=x");
        assertThat(wrong.code).isEqualTo(ExitCode.USAGE);
        assertThat(wrong.err).contains("-Dsparsellm.modle", "Did you mean sparsellm.model?");
    }

    @Test
    void takesPromptsOutsideAscii() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(LAUNCHER, "tokenize", "--model", model, "--text", "Ölaf 🙂", "--json");
        builder.environment().put("SPARSELLM_NO_BUILD", "1");
        builder.environment().put("LC_ALL", "C");
        Process process = builder.redirectError(folder.resolve("stderr").toFile()).start();
        Ended ended = end(process);
        assertThat(ended.out.strip()).isEqualTo(CommandRun.of("tokenize", "--model", model, "--text", "Ölaf 🙂", "--json")
                .succeeds()
                .out()
                .strip());
    }

    @Test
    void returnsTheExitCodeOfTheCommand() throws Exception {
        assertThat(run(LAUNCHER, "generate", "--model", "gone.gguf", "--prompt", "a").code).isEqualTo(ExitCode.FAILED);
        assertThat(run(LAUNCHER, "nonsense").code).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void saysWhatToInstallWhereJavaIsTooOld() throws Exception {
        Path old = Files.createDirectories(folder.resolve("old/bin"));
        Files.writeString(folder.resolve("old/release"), "JAVA_VERSION=\"17.0.15\"\n");
        Path command = Files.writeString(old.resolve("java"), "#!/bin/sh\nexit 9\n");
        assertThat(command.toFile().setExecutable(true)).isTrue();
        ProcessBuilder builder = new ProcessBuilder(LAUNCHER, "providers");
        builder.environment().put("SPARSELLM_JAVA", command.toString());
        Ended ended = end(builder.redirectError(folder.resolve("stderr").toFile()).start());
        assertThat(ended.code).isEqualTo(1);
        assertThat(ended.err).contains("no JDK 25 or newer").hasLineCount(1);
    }

    @Test
    void interruptedGenerationEndsCleanly() throws Exception {
        Process process = start(List.of(LAUNCHER, "generate", "--model", model, "--prompt", "Once", "--ignore-end",
                "-n", "1000000", "--ctx", "1000000", "--temp", "0", "--provider", "dense"));
        InputStream out = process.getInputStream();
        assertThat(out.readNBytes(20)).hasSize(20);
        // Where this JVM was started with SIGINT ignored, its children ignore it, too.
        boolean ignored = interruptsAreIgnored();
        signal(ignored ? "TERM" : "INT", process);
        String rest = new String(out.readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + (ignored ? 15 : 2));
        assertThat(rest).endsWith("\n");
        String err = Files.readString(folder.resolve("stderr"));
        assertThat(err).contains("cancelled").doesNotContain("Exception", "\tat ");
    }

    private static void signal(String name, Process process) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
    }

    private static boolean interruptsAreIgnored() {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("SigIgn:"))
                    .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 1 << 2 - 1) != 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void endsQuietlyWhereNobodyReadsOn() throws Exception {
        Ended ended = run("sh", "-c", "'" + LAUNCHER + "' generate --model '" + model
                + "' --prompt Once -n 2000 --ignore-end --temp 0 --provider dense | head -c 5");
        assertThat(ended.out).hasSize(5);
        assertThat(ended.err.lines().filter(line -> !line.contains("incubator"))).isEmpty();
    }

    @Test
    void plainJavaWithoutTheVectorModuleRunsAndNamesTheFlag() throws Exception {
        Ended ended = run(story(JAVA, "-cp", jar, MAIN));
        assertThat(ended.code).isZero();
        assertThat(ended.out.strip()).isEqualTo(STORY);
        assertThat(ended.err.lines().filter(line -> !line.contains("wrote 10 at")))
                .singleElement()
                .asString()
                .contains("--add-modules jdk.incubator.vector");
    }

    @Test
    void runsFromTheModulePath() throws Exception {
        Ended ended = run(story(JAVA, "-p", jar + ":" + Path.of(jar).resolveSibling("lib"), "-m", "dev.sparsellm.runtime/" + MAIN));
        assertThat(ended.err).contains("wrote 10 at").doesNotContain("Exception");
        assertThat(ended.out.strip()).isEqualTo(STORY);
    }

    @Test
    void aBrokenJarInPluginsIsListedAndHarmsNobody() throws Exception {
        Path home = Files.createDirectories(folder.resolve("home"));
        Files.copy(Path.of(LAUNCHER), home.resolve("sparsellm"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Files.createSymbolicLink(home.resolve("reference-runtime"), PROJECT.resolve("reference-runtime"));
        Path plugins = Files.createDirectories(home.resolve("plugins"));
        try (var zip = new java.util.zip.ZipOutputStream(Files.newOutputStream(plugins.resolve("broken one.jar")))) {
            zip.putNextEntry(new java.util.zip.ZipEntry("META-INF/services/dev.sparsellm.spi.OperatorProvider"));
            zip.write("com.example.Gone\n".getBytes(StandardCharsets.UTF_8));
        }
        Ended listed = run(home.resolve("sparsellm").toString(), "providers");
        assertThat(listed.out).contains("dense", "Broken", "com.example.Gone");
        Ended ended = run(story(home.resolve("sparsellm").toString()));
        assertThat(ended.out.strip()).isEqualTo(STORY);
    }
}
