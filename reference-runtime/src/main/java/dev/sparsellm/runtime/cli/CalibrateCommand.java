package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.spi.AllocationRequest;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.Settings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "calibrate",
        description = "Lets a provider learn from a text what it may leave out of a model, and writes that as a profile.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class CalibrateCommand implements Callable<Integer> {

    private static final Pattern SHARD = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @ArgGroup
    private TextArguments text = new TextArguments();

    @Option(names = "--ids", description = "The text is token ids, separated by blanks, without begin marks.")
    private boolean ids;

    @Option(names = "--ctx", paramLabel = "N", defaultValue = "256",
            description = "Positions of a window. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(names = "--tokens", paramLabel = "N", defaultValue = "0",
            description = "Of a longer text read so many tokens, in windows chosen by --seed. Default: 0, all.")
    private long tokens;

    @Option(names = {"-s", "--seed"}, paramLabel = "S", defaultValue = "0",
            description = "Chooses the windows. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--shard", paramLabel = "I/N", defaultValue = "1/1",
            description = "Read the I-th of N parts only, 1/N to N/N; merge-profiles joins what several machines made.")
    private String shard;

    @Option(names = "--resume", negatable = true, defaultValue = "true", fallbackValue = "true",
            description = "Go on where an interrupted run of the same calibration stopped; the default.")
    private boolean resume;

    @Option(names = "--target", paramLabel = "TARGET",
            description = "Find how much each operator of each layer may leave out, by measured damage: ppl=+1%% (perplexity at"
                    + " most so much up), kl=0.02 (nats), or skip=40%% (of the bytes that can be left out). Method and the"
                    + " like as -D says.")
    private String target;

    @Option(names = "--target-tokens", paramLabel = "N", defaultValue = "4096",
            description = "Tokens of the text to measure damage on; 0 for all. Default: ${DEFAULT-VALUE}.")
    private long targetTokens;

    @Option(names = "--profile", paramLabel = "PROFILE",
            description = "With --target: take what this profile learnt, and calibrate nothing.")
    private Path learnt;

    @Option(names = {"-o", "--output"}, paramLabel = "PROFILE",
            description = "Where to write it. Default: named after the model, in the current folder.")
    private Path output;

    @Option(names = "--json", description = "Print {\"profile\":..., \"provider\":..., \"seconds\":...}.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    CalibrateCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        Streams streams = context.streams();
        CalibratableProvider provider = CalibratableProvider.choose(context, model.preference(context));
        Matcher part = shard();
        if (learnt != null && target == null) {
            throw new UsageException("--profile is there to find a target for: name one with --target");
        }
        if (target != null && !shard.equals("1/1")) {
            throw new UsageException("--target needs a whole profile: join the shards with merge-profiles, then give the"
                    + " result with --profile");
        }
        String content = text();
        long start = System.nanoTime();
        Path profile;
        try (Model open = model.open(context)) {
            profile = output != null ? output : defaultOutput(open.path(), provider);
            int[] tokenIds = tokenIds(open, content);
            if (learnt == null) {
                CalibrationRequest request = request(tokenIds, part, profile);
                context.cancellation().interrupting(
                        () -> provider.calibratable().calibrate(open.description(), open.host(), request));
            }
            if (target != null) {
                AllocationRequest request = new AllocationRequest(
                        learnt == null ? profile : learnt, tokenIds, window, targetTokens, seed, target, profile);
                Settings settings = provider.settings(model.settings(context));
                context.cancellation().interrupting(() -> provider.calibratable()
                        .allocate(open.description(), open.host(), settings, request));
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (json) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("profile", profile.toString());
            map.put("provider", provider.provider().id());
            map.put("seconds", seconds);
            Json.print(streams.out(), map);
        } else {
            String use = provider.use(profile.toString());
            String auto = target == null ? "" : " -D" + provider.provider().id() + ".sparsity=auto";
            streams.note("wrote " + profile + (use.isEmpty() ? "" : "; use it with " + use + auto));
        }
        return ExitCode.OK;
    }

    /** {@code i}, {@code n}. */
    private Matcher shard() {
        Matcher part = SHARD.matcher(shard);
        if (!part.matches() || number(part, 1) < 1 || number(part, 1) > number(part, 2)) {
            throw new UsageException("--shard is '" + shard + "'; give I/N, such as 1/4 for the first of four parts, 4/4 for"
                    + " the last");
        }
        return part;
    }

    private static int number(Matcher part, int group) {
        return Integer.parseInt(part.group(group));
    }

    private String text() {
        if (text.isGiven() || !DemoModel.isAt(model.path(context), context.cacheDirectory())) {
            return text.read(context.streams());
        }
        if (ids) {
            throw new UsageException("--ids needs --file FILE with token ids");
        }
        return DemoTexts.calibration();
    }

    private int[] tokenIds(Model open, String content) {
        return ids
                ? TokenIds.parse(content, open.tokenizer().vocabularySize())
                : open.tokenizer().encodeOrdinary(content);
    }

    private CalibrationRequest request(int[] tokenIds, Matcher part, Path profile) {
        try {
            return new CalibrationRequest(
                    tokenIds, window, tokens, seed, number(part, 1) - 1, number(part, 2), profile, resume);
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private Path defaultOutput(Path file, CalibratableProvider provider) {
        String name = file.getFileName().toString().replaceFirst("(?i)\\.gguf$", "");
        String part = shard.equals("1/1") ? "" : "-" + shard.replace('/', '-');
        return Path.of(name + "." + provider.provider().id() + "-profile" + part + ".gguf");
    }
}
