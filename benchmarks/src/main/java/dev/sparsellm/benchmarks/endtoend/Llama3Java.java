package dev.sparsellm.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * llama3.java, by what it prints after each text: a process for each round, its JVM's warm-up included in what it
 * counts. It takes all tokens from number 128000 on for special ones, so a smaller vocabulary will not do.
 */
record Llama3Java(List<String> command) implements Contender {

    /** Room for what its chat format adds to a prompt; 17 in the vocabularies of synthetic models. */
    private static final int CHAT_TOKENS = 32;

    private static final int LEAST_VOCABULARY = 128_256;
    private static final Pattern SPEEDS =
            Pattern.compile("prompt: ([0-9.,]+) tokens/s \\(\\d+\\) generation: ([0-9.,]+) tokens/s \\(\\d+\\)");

    Llama3Java(Request request, String prompt) {
        this(List.of(
                java("java"),
                "--enable-preview",
                "--add-modules=jdk.incubator.vector",
                "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0", // as its own source says
                "-Duser.language=en",
                // The thread that calls works, too.
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + (request.threads() - 1),
                "-cp", request.llama3Java(),
                "com.llama4j.Llama3",
                "--model", request.model(),
                "--prompt", prompt,
                "--temperature", "0",
                "--stream", "false",
                "--max-tokens", Integer.toString(request.promptTokens() + request.tokens() + CHAT_TOKENS)));
    }

    static boolean loads(int vocabulary) {
        return vocabulary >= LEAST_VOCABULARY;
    }

    /** Compiles its one source file with this JVM's compiler. */
    static Path compile(Path folder, Path classes) throws IOException, InterruptedException {
        Path source = folder.resolve("Llama3.java");
        if (!Files.exists(source)) {
            throw new IllegalArgumentException("There is no Llama3.java in " + folder);
        }
        Files.createDirectories(classes);
        Programs.run(List.of(java("javac"), "--enable-preview", "--release", version(), "-nowarn",
                "--add-modules=jdk.incubator.vector", "-d", classes.toString(), source.toString()));
        return classes;
    }

    private static String version() {
        return Integer.toString(Runtime.version().feature());
    }

    private static String java(String tool) {
        return Path.of(System.getProperty("java.home"), "bin", tool).toString();
    }

    @Override
    public String name() {
        return "llama3.java";
    }

    @Override
    public boolean endsProcess() {
        return true;
    }

    @Override
    public Speeds round() throws IOException, InterruptedException {
        return parse(Programs.run(command));
    }

    static Speeds parse(String output) throws IOException {
        Matcher matcher = SPEEDS.matcher(output);
        if (!matcher.find()) {
            throw new IOException("llama3.java printed no speeds: " + output);
        }
        return new Speeds(Double.parseDouble(matcher.group(1)), Double.parseDouble(matcher.group(2)));
    }
}
