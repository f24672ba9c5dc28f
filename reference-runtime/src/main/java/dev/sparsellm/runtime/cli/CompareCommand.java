package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.compare.Comparison;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.runtime.report.ComparisonFigures;
import dev.sparsellm.runtime.report.ComparisonPage;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.spi.ProviderException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

@Command(
        name = "compare",
        description = "Runs one model dense and sparse: both texts side by side, the speed won, the weights not read, and the"
                + " quality paid for it.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class CompareCommand implements Callable<Integer> {

    /** The demo model reads a window in no time, others may take minutes for it. */
    private static final int DEMO_CHUNKS = 16;
    private static final int CHUNKS = 4;

    /** Small models that always take the likeliest token soon go round in circles. */
    static final double DEMO_PENALTY = 1.25;

    private static final String SPARSE = "chess";

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = {"-p", "--prompt"}, paramLabel = "TEXT",
            description = "What both write on from. Default: the first words of --file, or of a fairy tale.")
    private String prompt;

    @Option(names = {"-f", "--file"}, paramLabel = "FILE",
            description = "Text in UTF-8 on which predictions are compared; - is stdin. Default: fairy tales.")
    private Path file;

    @Option(names = {"-a", "--a"}, paramLabel = "IDS", defaultValue = "dense",
            description = "Who is the reference. Default: ${DEFAULT-VALUE}.")
    private String a;

    @Option(names = {"-b", "--b"}, paramLabel = "IDS",
            description = "Who is compared with it; settings may follow: chess:method=cats:sparsity=0.7. Default: " + SPARSE
                    + ".")
    private String b;

    @Option(names = {"-n", "--tokens"}, paramLabel = "N", defaultValue = "64",
            description = "The most tokens to write. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = {"-r", "--rounds"}, paramLabel = "N",
            description = "Rounds in which speed is measured, in turn. Default: 3 to 15, as many as take some seconds.")
    private Integer rounds;

    @Option(names = {"--temp", "--temperature"}, paramLabel = "T", defaultValue = "0",
            description = "0 always takes the likeliest token. Default: ${DEFAULT-VALUE}.")
    private double temperature;

    @Option(names = "--repeat-penalty", paramLabel = "X",
            description = "Makes recent tokens less likely. Default: 1, which is off; of the demo model " + DEMO_PENALTY
                    + ".")
    private Double repetitionPenalty;

    @Option(names = {"-s", "--seed"}, paramLabel = "S", defaultValue = "0",
            description = "Of the random numbers, the same for both. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--ctx", paramLabel = "N", defaultValue = "256",
            description = "Positions of a window of text; its second half is scored. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(names = "--chunks", paramLabel = "N",
            description = "Windows of text to read. Default: " + CHUNKS + ", of the demo model " + DEMO_CHUNKS + ".")
    private Integer chunks;

    @Option(names = "--json", description = "Print all figures as one object.")
    private boolean json;

    @Option(names = "--html", paramLabel = "FILE",
            description = "Write a page with plots, one file that opens offline.")
    private Path html;

    @Mixin
    private HelpOption help = new HelpOption();

    CompareCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    /** Two preferences take the place of one. */
    static void adapt(CommandSpec spec) {
        spec.remove(spec.findOption("--provider"));
    }

    @Override
    public Integer call() {
        Streams streams = context.streams();
        check();
        String text = file == null ? DemoTexts.heldOut() : TextArguments.read(file, streams);
        Comparison comparison;
        try (Model open = model.open(context)) {
            boolean demo = DemoModel.isAt(open.path(), context.cacheDirectory());
            int most = chunks != null ? chunks : demo ? DEMO_CHUNKS : CHUNKS;
            Comparison.Request request = new Comparison.Request(
                    prompt(text),
                    tokens,
                    sampling(demo),
                    rounds == null ? 0 : rounds,
                    Windows.ofText(open.tokenizer(), text, window, most),
                    file != null ? file.toString() : demo ? "fairy tales it has not seen" : "fairy tales");
            String sparse = b == null ? SPARSE : b;
            Settled.prepare(open, List.of(a, sparse), new ConsoleProgress(streams));
            try (HeapWatch _ = HeapWatch.start()) {
                comparison = Comparison.of(open, a, sparse, request, new ConsoleProgress(streams));
            }
        }
        // Before the page: where there is no room for it, what was measured is not lost.
        if (json) {
            Json.print(streams.out(), ComparisonFigures.of(comparison));
        } else {
            new ComparisonListing(comparison, streams).print();
        }
        if (html != null) {
            new ReportFile(html).write(ComparisonPage.of(comparison));
            streams.note("wrote " + html);
        }
        return ExitCode.OK;
    }

    private void check() {
        if (html != null) {
            new ReportFile(html).check();
        }
        requireFrom("-n", tokens, 1);
        requireFrom("--ctx", window, 4);
        requireFrom("--rounds", rounds == null ? 1 : rounds, 1);
        requireFrom("--chunks", chunks == null ? 1 : chunks, 1);
        if (b == null && context.catalog().providers().stream().noneMatch(p -> p.provider().id().equals(SPARSE))) {
            throw new ProviderException("There is nothing to compare with: the provider '" + SPARSE
                    + "' is not there. Put the jar of the chess-plugin into the folder plugins, or name another with --b");
        }
    }

    private static void requireFrom(String option, int value, int least) {
        if (value < least) {
            throw new UsageException(option + " is " + value + "; give a number from " + least);
        }
    }

    private SamplingOptions sampling(boolean demo) {
        double penalty = repetitionPenalty != null ? repetitionPenalty : demo ? DEMO_PENALTY : 1;
        try {
            SamplingOptions usual = SamplingOptions.defaults(seed);
            return temperature == 0
                    ? new SamplingOptions(0, 0, 1, 0, penalty, usual.repetitionWindow(), seed)
                    : new SamplingOptions(temperature, usual.topK(), usual.topP(), usual.minP(), penalty,
                            usual.repetitionWindow(), seed);
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private String prompt(String text) {
        if (prompt != null) {
            return prompt;
        }
        return file == null ? DemoTexts.PROMPT : firstWords(text);
    }

    /** Some twenty words. */
    private static String firstWords(String text) {
        String stripped = text.strip();
        if (stripped.length() <= 120) {
            return stripped;
        }
        int blank = stripped.lastIndexOf(' ', 120);
        return stripped.substring(0, blank > 0 ? blank : stripped.offsetByCodePoints(0, 60));
    }
}
