package dev.sparsellm.benchmarks.endtoend;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sparsellm.runtime.cli.Main;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.synthetic.Shape;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures models of real shapes; see {@code --help}. */
@Command(
        name = "benchmarks/end-to-end",
        description = {
            "Tokens per second of whole models: dense, CHESS under several settings, and other runtimes on the same files,",
            "all in turns. Models are synthesized and calibrated on first use and kept; a full run takes hours and 40 GB.",
            "A table in Markdown goes to stdout and to a file, every single round to another in JSON."
        },
        sortOptions = false)
public final class EndToEnd implements Callable<Integer> {

    @Option(names = "--work", paramLabel = "DIR", required = true, description = "For models, calibrations and results.")
    private Path work;

    @Option(names = "--shapes", paramLabel = "SHAPES", split = ",", defaultValue = "llama-3.2-1b,llama-3-8b",
            description = "Of models too large, a quarter of layers and vocabulary. Default: ${DEFAULT-VALUE}.")
    private List<String> shapes;

    @Option(names = "--types", paramLabel = "TYPES", split = ",",
            description = "Default: Q8_0,Q4_0,F16,BF16; with --quick Q8_0.")
    private List<String> types;

    @Option(names = {"-r", "--rounds"}, paramLabel = "N", description = "Default: 5; with --quick 3.")
    private Integer rounds;

    @Option(names = {"-p", "--prompt-tokens"}, paramLabel = "N", description = "Default: 128; with --quick 64.")
    private Integer promptTokens;

    @Option(names = {"-n", "--tokens"}, paramLabel = "N", description = "To write. Default: 48; with --quick 16.")
    private Integer tokens;

    @Option(names = {"-t", "--threads"}, paramLabel = "T", description = "Default: one for each core.")
    private Integer threads;

    @Option(names = "--rest", paramLabel = "SECONDS", defaultValue = "10",
            description = "To wait after a round of another runtime, while its memory goes back to the machine and its host. "
                    + "Default: ${DEFAULT-VALUE}.")
    private int rest;

    @Option(names = "--llama-cpp", paramLabel = "[NAME=]DIR",
            description = "A built llama.cpp to measure too; again for another build.")
    private List<String> llamaCpp = new ArrayList<>();

    @Option(names = "--llama3-java", paramLabel = "DIR", description = "A checkout of llama3.java to measure too.")
    private Path llama3Java;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE",
            description = "The table; the rounds go beside it, as .json. Default: end-to-end.md in the work folder.")
    private Path output;

    @Option(names = "--quick", description = "A short run: fewer settings, types, rounds and tokens.")
    private boolean quick;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    private boolean help;

    private final JsonMapper json = new JsonMapper();

    /** For picocli. */
    public EndToEnd() {}

    /** Ends the JVM with 0 done, 1 failed, 2 used wrongly. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new EndToEnd())
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    System.err.println("benchmarks/end-to-end: " + e.getMessage());
                    return e instanceof IllegalArgumentException ? 2 : 1;
                })
                .execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Files.createDirectories(work);
        List<Request.Program> programs = llamaCpp.stream().map(EndToEnd::program).toList();
        String classes = llama3Java == null
                ? ""
                : Llama3Java.compile(llama3Java, work.resolve("llama3.java.classes")).toString();
        List<Outcome> outcomes = new ArrayList<>();
        for (String shape : shapes) {
            for (String type : types != null ? types : quick ? List.of("Q8_0") : List.of("Q8_0", "Q4_0", "F16", "BF16")) {
                ModelFile file = ModelFile.of(Shape.ofLabel(shape), type);
                make(file);
                outcomes.add(measure(request(file, programs, classes)));
                write(outcomes); // what there is, in case the next one fails
            }
        }
        System.out.print(Report.of(Machine.lines(), outcomes));
        return 0;
    }

    private static Request.Program program(String argument) {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? "llama.cpp" : argument.substring(0, equals);
        return new Request.Program(name, LlamaCpp.program(Path.of(argument.substring(equals + 1))).toString());
    }

    private Request request(ModelFile file, List<Request.Program> programs, String classes) {
        return new Request(
                file.title(),
                file.in(work).toString(),
                file.profileIn(work).toString(),
                work.resolve("cache").toString(),
                threads != null ? threads : Runtime.getRuntime().availableProcessors(),
                promptTokens != null ? promptTokens : quick ? 64 : 128,
                tokens != null ? tokens : quick ? 16 : 48,
                rounds != null ? rounds : quick ? 3 : 5,
                rest,
                quick ? Entrant.FEW : Entrant.ALL,
                programs,
                Llama3Java.loads(file.vocabulary()) ? classes : "");
    }

    private void make(ModelFile file) throws IOException {
        if (!Files.exists(file.in(work))) {
            sparsellm(file.synthesize(work));
        }
        if (!Files.exists(file.profileIn(work))) {
            Path text = work.resolve("calibration.txt");
            Files.writeString(text, DemoTexts.calibration());
            sparsellm(file.calibrate(work, text));
        }
    }

    private static void sparsellm(List<String> arguments) throws IOException {
        System.err.println("./sparsellm " + String.join(" ", arguments));
        int code = Main.run(System.out, System.err, arguments.toArray(String[]::new));
        if (code != 0) {
            throw new IOException("./sparsellm " + arguments.getFirst() + " failed");
        }
    }

    private Outcome measure(Request request) throws IOException, InterruptedException {
        Path asked = work.resolve("request.json");
        Path answered = work.resolve("outcome.json");
        Files.writeString(asked, json.writeValueAsString(request));
        Files.deleteIfExists(answered);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MeasureFile.class.getName(),
                asked.toString(), answered.toString()));
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException("measuring " + request.model() + " failed");
            }
        } finally {
            process.destroy();
        }
        return json.readValue(Files.readString(answered), Outcome.class);
    }

    private void write(List<Outcome> outcomes) throws IOException {
        Path table = output != null ? output : work.resolve("end-to-end.md");
        Files.writeString(table, Report.of(Machine.lines(), outcomes));
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("machine", Machine.lines());
        all.put("files", outcomes);
        Path raw = table.resolveSibling(table.getFileName().toString().replaceFirst("\\.md$", "") + ".json");
        Files.writeString(raw, json.writerWithDefaultPrettyPrinter().writeValueAsString(all));
    }
}
