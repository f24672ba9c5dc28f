package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sparsellm.testing.SharedFiles;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command of README.md and docs, page by page and in order, each page in a folder that looks like a clone: taken
 * apart by a real shell, run as {@code documented-commands.md} says.
 */
@DisabledOnOs(OS.WINDOWS)
class DocumentedCommandsIT {

    private static final Path PROJECT = Documents.PROJECT;
    private static final String MARK = "not-in-ci";
    private static final CommandTable TABLE = new CommandTable();

    /** In the place of the launcher: notes down what it was called with. */
    private static final String RECORDER = """
            #!/bin/sh
            printf '%s\\0' "$0" "${SPARSELLM_JAVA_OPTS:-}" "$@" >arguments
            """;

    /** A word, or what is behind its =, that names a file. */
    private static final Pattern FILE = Pattern.compile("^(.*=)?(LICENSE|[\\w.+-][\\w./+-]*\\.(gguf|txt|html|csv))$");

    @TempDir
    static Path folder;

    private static final Set<List<String>> done = new HashSet<>();
    private static final List<Path> links = new ArrayList<>();
    private static List<String> served = List.of();
    private static Process server;
    private static String address;

    @BeforeAll
    static void makeWhatFirstUseMakes() throws IOException {
        String tale = "Once upon a time there was a king who had a daughter. ".repeat(40);
        Path text = Files.writeString(folder.resolve("text"), tale);
        CommandLine run = CommandLine.run(List.of("calibrate", "--file", text.toString(), "--ctx", "64", "-o",
                folder.resolve("first-use.gguf").toString(), "-Dsparsellm.cache=" + folder.resolve("cache")));
        assertThat(run.code()).as(run.err()).isZero();
    }

    @AfterAll
    static void end() throws IOException, InterruptedException {
        stopServing();
        for (Path link : links) {
            Files.delete(link); // so that nobody wonders whether what they lead to is deleted, too
        }
    }

    private static void stopServing() throws InterruptedException {
        if (server != null) {
            server.destroy();
            assertThat(server.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void every_row_of_the_table_is_needed() {
        List<CommandTable.Row> used = Documents.pages().stream()
                .flatMap(page -> Documents.allCommands(Documents.read(page)).stream())
                .flatMap(command -> TABLE.of(command.text()).stream())
                .toList();
        assertThat(TABLE.rows()).allMatch(used::contains);
    }

    @TestFactory
    Stream<DynamicContainer> commands() {
        return Documents.pages().stream().map(page -> {
            List<String> variables = new ArrayList<>();
            List<DynamicTest> tests = new ArrayList<>();
            for (Documents.Command command : Documents.allCommands(Documents.read(page))) {
                if (command.text().matches("\\w+=\\S+")) {
                    variables.add(command.text());
                } else {
                    List<String> known = List.copyOf(variables);
                    tests.add(dynamicTest(command.text(), () -> check(page, known, command)));
                }
            }
            return dynamicContainer(page.getFileName().toString(), tests);
        });
    }

    private static void check(Path page, List<String> variables, Documents.Command command) throws Exception {
        CommandTable.Row row = TABLE.of(command.text())
                .orElseThrow(() -> new AssertionError("documented-commands.md has no row for: " + command.text()));
        boolean placeholder = row.how() == CommandTable.How.NO && command.text().startsWith("./sparsellm ");
        assertThat(command.mark()).as("how its block is marked")
                .isEqualTo(row.how() == CommandTable.How.NO && !placeholder ? MARK : "");
        Path clone = folder.resolve(page.getFileName());
        switch (row.how()) {
            case NO -> {
                assertThat(row.because()).isNotEmpty();
                assertThatPartsExist(command.text());
            }
            case CI -> assertThat(Files.readAllLines(PROJECT.resolve(".ci/run"))).contains(command.text());
            case SHELL -> {
                makeClone(clone);
                requireShared(variables, command.text());
                String out = shell(clone, variables, address == null ? command.text()
                        : command.text().replace("http://127.0.0.1:8080", address));
                Matcher file = Pattern.compile(" > (\\S+)$").matcher(command.text());
                assertThat(file.find() ? Files.readString(clone.resolve(file.group(1))) : out).isNotBlank();
            }
            case HERE, LAUNCHER -> {
                makeClone(clone);
                requireShared(variables, command.text());
                Files.deleteIfExists(clone.resolve("arguments"));
                shell(clone, variables, command.text());
                List<String> noted = List.of(Files.readString(clone.resolve("arguments")).split("\0"));
                List<String> words = row.applied(noted.subList(2, noted.size()));
                ours(clone, noted.get(0), noted.get(1), words, row.how());
            }
        }
    }

    private static void ours(Path clone, String launcher, String options, List<String> words, CommandTable.How how)
            throws Exception {
        if (words.getFirst().equals("serve")) {
            if (!served.equals(words)) {
                serve(clone, words);
            }
            return;
        }
        List<String> all = new ArrayList<>(List.of(launcher, options));
        all.addAll(words);
        if (!done.add(all)) {
            return;
        }
        if (how == CommandTable.How.LAUNCHER || !options.isEmpty()) {
            Process process = launch(clone, launcher, options, words);
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(() -> Documents.read(clone.resolve("stderr"))).isZero();
            assertThat(out).isNotBlank();
        } else {
            List<String> absolute = words.stream()
                    .map(word -> FILE.matcher(word).replaceFirst("$1" + Matcher.quoteReplacement(clone + "/") + "$2"))
                    .toList();
            List<String> cached = new ArrayList<>(absolute);
            cached.add("-Dsparsellm.cache=" + folder.resolve("cache"));
            CommandLine run = CommandLine.run(cached);
            assertThat(run.code()).as(run.err()).isZero();
            assertThat(run.out() + run.err()).isNotBlank();
        }
        for (int i = 0; i + 1 < words.size(); i++) {
            if (Set.of("-o", "--html", "--csv").contains(words.get(i))) {
                assertThat(clone.resolve(words.get(i + 1))).isNotEmptyFile();
            }
        }
    }

    private static void serve(Path clone, List<String> words) throws Exception {
        stopServing();
        server = launch(clone, "./sparsellm", "", words);
        address = server.inputReader(StandardCharsets.UTF_8).readLine();
        assertThat(address).as(() -> Documents.read(clone.resolve("stderr"))).startsWith("http://127.0.0.1:");
        address = address.replaceFirst("/$", "");
        served = words;
    }

    /** By the launcher of the checkout, or of the distribution. */
    private static Process launch(Path clone, String launcher, String options, List<String> words) throws IOException {
        Path real = PROJECT.resolve("sparsellm");
        if (launcher.startsWith("dist/")) {
            try (Stream<Path> images = Files.list(PROJECT.resolve("dist/target/image"))) {
                real = images.findFirst().orElseThrow().resolve("bin/sparsellm");
            }
        }
        List<String> command = new ArrayList<>(List.of(real.toString()));
        command.addAll(words);
        ProcessBuilder builder = process(clone, command);
        builder.environment().put("SPARSELLM_NO_BUILD", "1"); // a build inside the build would pull the jars away
        builder.environment().put("SPARSELLM_JAVA_OPTS", options + " -Dsparsellm.cache=" + folder.resolve("cache"));
        return builder.start();
    }

    private static String shell(Path clone, List<String> variables, String command) throws Exception {
        String script = "set -e\n" + String.join("\n", variables) + "\n" + command;
        Process process = process(clone, List.of("sh", "-c", script)).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(() -> Documents.read(clone.resolve("stderr"))).isZero();
        return out;
    }

    private static ProcessBuilder process(Path clone, List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(clone.toFile());
        builder.redirectError(clone.resolve("stderr").toFile());
        String java = System.getProperty("java.home");
        builder.environment().keySet().removeIf(key -> key.contains("JAVA") || key.startsWith("SPARSELLM"));
        builder.environment().merge("PATH", java + "/bin", (path, ours) -> ours + File.pathSeparator + path);
        builder.environment().put("JAVA_HOME", java);
        builder.environment().put("SHARED", SharedFiles.root().map(Path::toString).orElse("shared"));
        builder.environment().put("CURL_HOME", clone.toString());
        return builder;
    }

    /** A folder with what commands need of a clone, as links, and recorders for launchers; pages write there. */
    private static void makeClone(Path clone) throws IOException {
        if (Files.exists(clone)) {
            return;
        }
        Path image = clone.resolve("dist/target/image/sparsellm-0/bin");
        Files.createDirectories(image);
        for (Path recorder : List.of(clone.resolve("sparsellm"), image.resolve("sparsellm"))) {
            Files.writeString(recorder, RECORDER);
            assertThat(recorder.toFile().setExecutable(true)).isTrue();
        }
        String demo = "reference-runtime/src/main/resources/dev/sparsellm/runtime/demo";
        Files.createDirectories(clone.resolve(demo).getParent());
        link(clone.resolve(demo), PROJECT.resolve(demo));
        link(clone.resolve("LICENSE"), PROJECT.resolve("LICENSE"));
        link(clone.resolve("model.gguf"), PROJECT.resolve(demo).resolve("demo.gguf"));
        link(clone.resolve("first-use.gguf"), folder.resolve("first-use.gguf"));
        Files.writeString(clone.resolve(".curlrc"), "fail\nsilent\nshow-error\nnoproxy = \"*\"\n");
    }

    private static void link(Path link, Path file) throws IOException {
        links.add(Files.createSymbolicLink(link, file));
    }

    /** What needs test material is skipped where there is none. */
    private static void requireShared(List<String> variables, String command) {
        boolean named = command.contains("$SHARED")
                || variables.stream().anyMatch(variable -> variable.contains("$SHARED")
                        && command.contains("$" + variable.substring(0, variable.indexOf('=')) + " "));
        if (named) {
            SharedFiles.require("models");
        }
    }

    /** Of what is not run: the script, the modules, the test class. */
    private static void assertThatPartsExist(String command) throws IOException {
        List<String> words = Documents.words(command);
        if (words.getFirst().contains("/") && !words.getFirst().startsWith("./")) {
            assertThat(PROJECT.resolve(words.getFirst())).isExecutable();
        }
        List<Path> modules = new ArrayList<>();
        for (String word : words.contains("-pl") ? words.get(words.indexOf("-pl") + 1).split(",") : new String[0]) {
            modules.add(PROJECT.resolve(word));
            assertThat(modules.getLast().resolve("pom.xml")).exists();
        }
        for (String word : words) {
            if (word.startsWith("-Dtest=")) {
                String file = word.substring("-Dtest=".length()) + ".java";
                boolean found = false;
                for (Path module : modules) {
                    try (Stream<Path> sources = Files.walk(module.resolve("src/test/java"))) {
                        found |= sources.anyMatch(source -> source.endsWith(file));
                    }
                }
                assertThat(found).as(file + " in " + modules).isTrue();
            }
        }
    }
}
