package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The distribution, without a JDK, and the commands of the quick start on it. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class QuickStartIT {

    private static final Path DIST = Documents.PROJECT.resolve("dist/target");

    @TempDir
    static Path folder;

    private static Path launcher;

    @BeforeAll
    static void find() throws IOException {
        try (Stream<Path> images = Files.list(DIST.resolve("image"))) {
            launcher = images.findFirst().orElseThrow().resolve("bin/sparsellm");
        }
    }

    /** With nothing but the system's own tools on the path: a JDK found by chance would prove nothing. */
    private static ProcessBuilder process(List<String> words) {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.redirectError(folder.resolve("stderr").toFile());
        builder.environment().keySet().removeIf(key -> key.contains("JAVA") || key.startsWith("SPARSELLM"));
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().put("SPARSELLM_JAVA_OPTS", "-Dsparsellm.cache=" + folder.resolve("cache"));
        return builder;
    }

    private static String run(String... words) throws IOException, InterruptedException {
        Process process = process(List.of(words)).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(() -> read(folder.resolve("stderr"))).isZero();
        return out;
    }

    private static String read(Path file) {
        return Documents.read(file);
    }

    /** Little, where the page takes what is usual: the command stays the same. */
    private static List<String> shortened(String command) {
        List<String> words = new ArrayList<>(Documents.words(command));
        words.removeFirst();
        switch (words.getFirst()) {
            case "compare" -> words.addAll(List.of("-n", "8", "-r", "1", "--chunks", "1", "--ctx", "64"));
            case "serve" -> words.addAll(List.of("--port", "0"));
            default -> {}
        }
        return words;
    }

    @Test
    void every_command_of_the_quick_start_runs() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "Once upon a time there was a king who had a daughter. ".repeat(40));
        Path profile = folder.resolve("demo.profile.gguf");
        // What first use would make, in less time.
        run("calibrate", "--file", text.toString(), "--ctx", "64", "-o", profile.toString());
        String page = Documents.between(read(Documents.PROJECT.resolve("docs/quick-start.md")), "runs");
        List<String> commands = Documents.commands(page);
        assertThat(commands).hasSizeGreaterThan(4);
        List<String> texts = new ArrayList<>();
        for (String command : commands) {
            List<String> words = shortened(command);
            words.add("-Dchess.profile=" + profile);
            words.add("-Dchess.crossover=0"); // not measured on a machine that does other things
            if (words.getFirst().equals("serve")) {
                serve(words);
            } else {
                String out = run(words.toArray(String[]::new));
                assertThat(out).isNotBlank();
                if (words.getFirst().equals("generate")) {
                    texts.add(out);
                }
            }
        }
        assertThat(texts).hasSize(2).doesNotHaveDuplicates();
    }

    /** The address on stdout is there for a script to read; at it a page, and answers of both providers. */
    private static void serve(List<String> words) throws Exception {
        Process process = process(words).start();
        try {
            String address = process.inputReader(StandardCharsets.UTF_8).readLine();
            assertThat(address).as(() -> read(folder.resolve("stderr"))).startsWith("http://127.0.0.1:");
            HttpClient http = HttpClient.newHttpClient();
            HttpRequest page = HttpRequest.newBuilder(URI.create(address)).build();
            assertThat(http.send(page, HttpResponse.BodyHandlers.ofString()).body()).contains("<title>SparseLLM");
            for (String provider : List.of("dense", "chess")) {
                HttpRequest order = HttpRequest.newBuilder(URI.create(address).resolve("/v1/completions"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"prompt\": \"Once\", \"max_tokens\": 4, \"provider\": \"" + provider + "\"}"))
                        .build();
                String answer = http.send(order, HttpResponse.BodyHandlers.ofString()).body();
                assertThat(new ObjectMapper().readTree(answer).at("/usage/completion_tokens").asInt()).as(answer).isEqualTo(4);
            }
        } finally {
            process.destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(read(folder.resolve("stderr"))).doesNotContain("Exception", "SLF4J");
    }

    @Test
    void the_zip_has_launchers_separate_jars_and_the_plugin_in_its_folder() throws IOException {
        Path zip;
        try (Stream<Path> files = Files.list(DIST)) {
            zip = files.filter(file -> file.toString().endsWith(".zip")).findFirst().orElseThrow();
        }
        try (ZipFile file = new ZipFile(zip.toFile())) {
            List<String> names = file.stream()
                    .map(ZipEntry::getName)
                    .map(name -> name.substring(name.indexOf('/') + 1).replaceFirst("-\\d.*\\.jar", ".jar"))
                    .toList();
            assertThat(names).contains("bin/sparsellm", "bin/sparsellm.cmd", "lib/sparsellm-reference-runtime.jar",
                    "lib/sparsellm-spi.jar", "lib/sparsellm-kernels.jar", "lib/sparsellm-server.jar", "lib/jetty-server.jar",
                    "plugins/sparsellm-chess-plugin.jar", "LICENSE", "README.md", "docs/quick-start.md");
            assertThat(names).noneMatch(name -> name.startsWith("lib/sparsellm-chess") || name.contains("-tests"));
            ZipEntry service = file.stream().filter(entry -> entry.getName().endsWith("bin/sparsellm")).findFirst().orElseThrow();
            try (InputStream in = file.getInputStream(service)) {
                assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo(read(Documents.PROJECT.resolve("sparsellm")));
            }
        }
    }
}
