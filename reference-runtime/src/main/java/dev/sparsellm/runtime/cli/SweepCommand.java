package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.compare.Sweep;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.runtime.report.Figure;
import dev.sparsellm.runtime.report.SweepFigures;
import dev.sparsellm.runtime.report.SweepPage;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

@Command(
        name = "sweep",
        description = "How much a model can leave out: quality, speed and weights read at one level of sparsity after"
                + " another, for several methods.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class SweepCommand implements Callable<Integer> {

    private static final int DEMO_CHUNKS = 16;
    private static final int CHUNKS = 4;
    private static final String REFERENCE = "dense";

    private static final Pattern RANGE = Pattern.compile("(\\d*\\.?\\d+)\\.\\.(\\d*\\.?\\d+)(?::(\\d*\\.?\\d+))?");
    private static final int MOST_LEVELS = 100;

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = {"-f", "--file"}, paramLabel = "FILE",
            description = "Text in UTF-8 to score; - is stdin. Default: fairy tales.")
    private Path file;

    @Option(names = "--sparsity", paramLabel = "LEVELS", defaultValue = "0.3..0.8",
            description = "Shares to leave out: 0.3..0.8 in steps of 0.1, 0.3..0.8:0.05, or 0.5,0.7. Default:"
                    + " ${DEFAULT-VALUE}.")
    private String sparsity;

    @Option(names = "--methods", paramLabel = "METHODS", defaultValue = "cats,chess,chess+", split = ",",
            description = "Methods of the provider chess. Default: ${DEFAULT-VALUE}.")
    private List<String> methods;

    @Option(names = "--ctx", paramLabel = "N", defaultValue = "256",
            description = "Positions of a window of text; its second half is scored. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(names = "--chunks", paramLabel = "N",
            description = "Windows of text to read. Default: " + CHUNKS + ", of the demo model " + DEMO_CHUNKS + ".")
    private Integer chunks;

    @Option(names = {"-r", "--rounds"}, paramLabel = "N", defaultValue = "3",
            description = "Rounds in which speed is measured; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = {"-n", "--tokens"}, paramLabel = "N", defaultValue = "48",
            description = "Tokens written in each turn. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a page with plots, one file that opens offline.")
    private Path html;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write a table, a line for each point.")
    private Path csv;

    @Option(names = "--json", description = "Print all figures as one object.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    SweepCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    /** Methods and levels take the place of a preference. */
    static void adapt(CommandSpec spec) {
        spec.remove(spec.findOption("--provider"));
    }

    @Override
    public Integer call() {
        Streams streams = context.streams();
        List<Sweep.Candidate> candidates = candidates();
        check();
        String text = file == null ? DemoTexts.heldOut() : TextArguments.read(file, streams);
        Sweep sweep;
        try (Model open = model.open(context)) {
            boolean demo = DemoModel.isAt(open.path(), context.cacheDirectory());
            int most = chunks != null ? chunks : demo ? DEMO_CHUNKS : CHUNKS;
            int[] prompt = open.tokenizer().encode(DemoTexts.PROMPT, new EncodeOptions(true, false));
            Sweep.Request request = new Sweep.Request(
                    Windows.ofText(open.tokenizer(), text, window, most),
                    file != null ? file.toString() : demo ? "fairy tales it has not seen" : "fairy tales",
                    prompt,
                    tokens,
                    rounds);
            Settled.prepare(
                    open, candidates.stream().map(Sweep.Candidate::preference).toList(), new ConsoleProgress(streams));
            try (HeapWatch _ = HeapWatch.start()) {
                sweep = Sweep.of(open, REFERENCE, candidates, request, new ConsoleProgress(streams));
            }
        }
        // Before the files: where there is no room for them, what was measured is not lost.
        if (json) {
            Json.print(streams.out(), SweepFigures.of(sweep));
        } else {
            streams.out().print(Listing.table("", rows(sweep)));
        }
        write(sweep);
        return ExitCode.OK;
    }

    private void check() {
        if (html != null) {
            new ReportFile(html).check();
        }
        if (csv != null) {
            new ReportFile(csv).check();
        }
        requireFrom("--ctx", window, 4);
        requireFrom("--chunks", chunks == null ? 1 : chunks, 1);
        requireFrom("--rounds", rounds, 0);
        requireFrom("-n", tokens, 2);
    }

    private static void requireFrom(String option, int value, int least) {
        if (value < least) {
            throw new UsageException(option + " is " + value + "; give a number from " + least);
        }
    }

    private void write(Sweep sweep) {
        if (html != null) {
            new ReportFile(html).write(SweepPage.of(sweep));
            context.streams().note("wrote " + html);
        }
        if (csv != null) {
            new ReportFile(csv).write(SweepFigures.csv(sweep));
            context.streams().note("wrote " + csv);
        }
    }

    private List<Sweep.Candidate> candidates() {
        List<String> levels = levels();
        List<Sweep.Candidate> candidates = new ArrayList<>();
        for (String method : methods) {
            for (String level : levels) {
                candidates.add(new Sweep.Candidate(
                        "chess:method=" + method.strip() + ":sparsity=" + level, method.strip(), Double.parseDouble(level)));
            }
        }
        return candidates;
    }

    /** In decimals, so that 0.3 and two steps of 0.1 are 0.5. */
    private List<String> levels() {
        Matcher range = RANGE.matcher(sparsity.strip());
        if (!range.matches()) {
            List<String> levels = Arrays.stream(sparsity.split(",", -1)).map(String::strip).toList();
            if (!levels.stream().allMatch(level -> level.matches("\\d*\\.?\\d+"))) {
                throw new UsageException("--sparsity is '" + sparsity + "'; give shares such as 0.5,0.7, or a range such as"
                        + " 0.3..0.8 or 0.3..0.8:0.05");
            }
            return levels;
        }
        BigDecimal step = new BigDecimal(range.group(3) == null ? "0.1" : range.group(3));
        BigDecimal to = new BigDecimal(range.group(2));
        List<String> levels = new ArrayList<>();
        for (BigDecimal at = new BigDecimal(range.group(1)); at.compareTo(to) <= 0; at = at.add(step)) {
            levels.add(at.toPlainString());
            if (step.signum() == 0 || levels.size() > MOST_LEVELS) {
                throw new UsageException("--sparsity is '" + sparsity + "', more than " + MOST_LEVELS
                        + " levels: take larger steps");
            }
        }
        if (levels.isEmpty()) {
            throw new UsageException("--sparsity is '" + sparsity + "', which ends before it begins");
        }
        return levels;
    }

    private static List<List<String>> rows(Sweep sweep) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("method", "level", "perplexity", "change", "KL", "same top", "tokens/s", "speed", "at best"));
        rows.add(List.of(sweep.reference().preference(), "", Figure.number("%.3f", sweep.reference().perplexity()), "",
                "", "", Figure.number("%.1f", Sweep.median(sweep.reference().tokensPerSecond()))));
        for (Sweep.Point point : sweep.points()) {
            rows.add(List.of(
                    point.candidate().series(),
                    Figure.number("%.2f", point.candidate().level()),
                    Figure.number("%.3f", point.perplexity()),
                    Figure.number("%+.2f %%", 100 * (point.perplexity() / sweep.reference().perplexity() - 1)),
                    Figure.number("%.4f", point.meanKl()),
                    Figure.number("%.1f %%", 100 * point.sameTop()),
                    Figure.number("%.1f", Sweep.median(point.tokensPerSecond())),
                    Figure.number("%.2f", sweep.speedRatio(point)),
                    Figure.number("%.2f", sweep.idealRatio(point))));
        }
        return rows;
    }
}
