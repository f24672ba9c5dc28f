package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jars under plain {@code java}: having the plugin's jar there is all it takes, and leaving it out again. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class DroppedJarIT {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern PERPLEXITY = Pattern.compile("\"perplexity\":([0-9.]+)");
    private static final String TEXT = "Once upon a time there was a king who had three daughters. ".repeat(12);

    private static List<Path> runtime;
    private static List<Path> withPlugin;

    @TempDir
    static Path folder;

    @BeforeAll
    static void find() throws IOException {
        runtime = new ArrayList<>(List.of(jar("reference-runtime")));
        try (Stream<Path> libraries = Files.list(PROJECT.resolve("reference-runtime/target/lib"))) {
            libraries.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(runtime::add);
        }
        withPlugin = new ArrayList<>(runtime);
        withPlugin.add(jar("chess-plugin"));
    }

    private static Path jar(String module) throws IOException {
        try (Stream<Path> files = Files.list(PROJECT.resolve(module).resolve("target"))) {
            return files.filter(file -> file.getFileName().toString()
                            .matches("sparsellm-" + module + "-[^-]*(-SNAPSHOT)?\\.jar"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** A figure of which all digits are compared: any difference in how it was computed shows. */
    private static final String[] SCORE = {"perplexity", "--text", TEXT, "--ctx", "64", "--json"};

    @Test
    void onTheClassPathAndOnTheModulePath() throws Exception {
        Processes.Ended dense = Processes.onClassPath(folder, runtime, List.of(), SCORE).succeeds();
        assertThat(dense.err()).doesNotContain("chess");
        String score = score(dense);

        Processes.Ended first = Processes.onClassPath(folder, withPlugin, List.of(), SCORE).succeeds();
        assertThat(first.err()).contains("calibrating once on", "tokens of a built-in text, about");
        Processes.Ended sparse = Processes.onClassPath(folder, withPlugin, List.of(), SCORE).succeeds();
        assertThat(sparse.err().lines().filter(line -> line.startsWith("sparsellm: chess")))
                .singleElement()
                .asString()
                .contains("chess+", "sparsity 0.5", "profile of first use", "tokens");
        String sparseScore = score(sparse);
        assertThat(sparseScore).isEqualTo(score(first)).isNotEqualTo(score);

        Processes.Ended module = Processes.onModulePath(folder, withPlugin, List.of(), SCORE).succeeds();
        assertThat(module.err()).contains("chess+, sparsity 0.5");
        assertThat(score(module)).isEqualTo(sparseScore);

        for (Processes.Ended without : List.of(
                Processes.onModulePath(folder, runtime, List.of(), SCORE),
                Processes.onClassPath(folder, withPlugin, List.of("-Dchess.enabled=false"), SCORE),
                Processes.onClassPath(folder, withPlugin, List.of("-Dsparsellm.provider=dense"), SCORE))) {
            assertThat(score(without)).isEqualTo(score);
        }
    }

    /** All digits of the figure. */
    private static String score(Processes.Ended ended) {
        Matcher matcher = PERPLEXITY.matcher(ended.succeeds().out());
        assertThat(matcher.find()).as(ended.out()).isTrue();
        assertThat(matcher.group(1)).hasSizeGreaterThan(10);
        return matcher.group(1);
    }
}
