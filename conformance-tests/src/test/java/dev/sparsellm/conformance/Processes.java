package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Runs the command line in JVMs of its own. */
final class Processes {

    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final String MAIN = "dev.sparsellm.runtime.cli.Main";

    private Processes() {}

    /** What a process did; notes of the JVM itself, such as on incubator modules, are left out of {@code err}. */
    record Ended(int code, String out, String err) {

        Ended succeeds() {
            assertThat(code).as(err).isZero();
            return this;
        }

        /** Asserts failure: this exit code, nothing on stdout, one line on stderr that holds all these words. */
        void failsWith(int expected, String... words) {
            assertThat(code).as(err).isEqualTo(expected);
            assertThat(err.lines()).hasSize(1);
            assertThat(err).startsWith("sparsellm: ").contains(words).doesNotContain("Exception");
            assertThat(out).isEmpty();
        }
    }

    /** With the class path of the tests, which has runtime and plugins. */
    static Ended run(Path folder, List<String> properties, String... command) throws IOException, InterruptedException {
        return java(folder, properties, List.of("-cp", System.getProperty("java.class.path"), MAIN), command);
    }

    /** With a class path of jars. */
    static Ended onClassPath(Path folder, List<Path> jars, List<String> properties, String... command)
            throws IOException, InterruptedException {
        return java(folder, properties, List.of("-cp", join(jars), MAIN), command);
    }

    /** With a module path of jars. */
    static Ended onModulePath(Path folder, List<Path> jars, List<String> properties, String... command)
            throws IOException, InterruptedException {
        return java(folder, properties, List.of("-p", join(jars), "-m", "dev.sparsellm.runtime/" + MAIN), command);
    }

    private static String join(List<Path> jars) {
        return jars.stream().map(Path::toString).collect(Collectors.joining(System.getProperty("path.separator")));
    }

    private static Ended java(Path folder, List<String> properties, List<String> program, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(JAVA, "--add-modules", "jdk.incubator.vector"));
        command.add("-Dsparsellm.cache=" + folder.resolve("cache"));
        command.add("-Dsparsellm.threads=2");
        command.addAll(properties);
        command.addAll(program);
        command.addAll(List.of(arguments));
        Path err = Files.createTempFile(folder, "stderr", "");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        String lines = Files.readAllLines(err).stream()
                .filter(line -> !line.startsWith("WARNING: "))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
        return new Ended(code, out, lines);
    }
}
