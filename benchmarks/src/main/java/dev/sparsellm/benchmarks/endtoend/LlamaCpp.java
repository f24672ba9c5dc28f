package dev.sparsellm.benchmarks.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** llama.cpp by its own {@code llama-bench}, which warms up by itself: a process for each round. */
record LlamaCpp(String name, List<String> command) implements Contender {

    LlamaCpp(Request.Program program, Request request) {
        this(program.name(), List.of(
                program.path(),
                "-m", request.model(),
                "-t", Integer.toString(request.threads()),
                "-p", Integer.toString(request.promptTokens()),
                "-n", Integer.toString(request.tokens()),
                "-r", "1",
                "-o", "json"));
    }

    /** Finds the program in a checkout that has been built, or in the folder of its binaries. */
    static Path program(Path folder) {
        return Stream.of("", "bin", "build/bin")
                .map(sub -> folder.resolve(sub).resolve("llama-bench"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "There is no llama-bench in " + folder + ", its bin or its build/bin; build llama.cpp first"));
    }

    @Override
    public boolean endsProcess() {
        return true;
    }

    @Override
    public Speeds round() throws IOException, InterruptedException {
        return parse(Programs.stdout(command));
    }

    /** One element has {@code n_prompt} tokens, the other {@code n_gen}. */
    static Speeds parse(String json) throws IOException {
        double prefill = 0;
        double decode = 0;
        for (JsonNode test : new JsonMapper().readTree(json)) {
            if (test.path("n_gen").asInt() == 0) {
                prefill = test.path("avg_ts").asDouble();
            } else {
                decode = test.path("avg_ts").asDouble();
            }
        }
        if (prefill <= 0 || decode <= 0) {
            throw new IOException("llama-bench printed no speeds: " + json);
        }
        return new Speeds(prefill, decode);
    }
}
