package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        description = "Measures tokens per second, reading and writing. With --provider a,b both are measured, in turns,"
                + " so that a machine that slows down or speeds up does so for both.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class BenchCommand implements Callable<Integer> {

    /** What providers do depends on the text, so it is one; repeated as often as needed. */
    private static final String TEXT = """
            The old lighthouse keeper climbed the stairs every evening before dark. He trimmed the wick, filled the lamp \
            with oil and wiped the salt from the glass. From the gallery he could see the fishing boats come home, one \
            after another, with gulls behind them. When all of them were in, he went down again, put the kettle on and \
            wrote in his book: wind from the west, nine boats, no fog. His daughter asked him once why he wrote it down, \
            since nobody ever read it. "Because it happened," he said, "and because tomorrow I shall want to know."
            """;

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(
            names = {"-p", "--prompt-tokens"},
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens to read. Default: ${DEFAULT-VALUE}.")
    private int promptTokens;

    @Option(
            names = {"-n", "--tokens"},
            paramLabel = "N",
            defaultValue = "64",
            description = "Tokens to write. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = {"-r", "--rounds"},
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds measured, after one to warm up. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--json", description = "Print {\"results\":[{\"provider\":..., \"prefill\":{...}, \"decode\":{...}}]}.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    BenchCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    /** One provider preference and what was measured with it. */
    private record Contender(String preference, Session session, List<Double> prefill, List<Double> decode) {}

    @Override
    public Integer call() {
        if (promptTokens < 1 || tokens < 2 || rounds < 1) {
            throw new UsageException("bench needs -p 1, -n 2 and -r 1 at least; asked for are -p " + promptTokens
                    + ", -n " + tokens + " and -r " + rounds);
        }
        try (Model open = model.open(context)) {
            // Each entry of the list is measured by itself; without a list, what would serve without one.
            List<String> preferences = List.of(model.preference(context).split(",", -1));
            List<Contender> contenders = new ArrayList<>();
            try {
                for (String preference : preferences) {
                    Session session = open.newSession(
                            Settled.lineup(open.lineup(preference.strip())), promptTokens + tokens);
                    contenders.add(new Contender(preference.strip(), session, new ArrayList<>(), new ArrayList<>()));
                }
                measure(contenders, prompt(open));
                report(open, contenders);
            } finally {
                contenders.forEach(contender -> contender.session().close());
            }
        }
        return ExitCode.OK;
    }

    private int[] prompt(Model open) {
        int[] ids = open.tokenizer().encodeOrdinary(TEXT);
        int[] prompt = new int[promptTokens];
        for (int i = 0; i < promptTokens; i++) {
            prompt[i] = ids[i % ids.length];
        }
        open.tokenizer().bos().ifPresent(id -> prompt[0] = id);
        return prompt;
    }

    private void measure(List<Contender> contenders, int[] prompt) {
        GenerationRequest request = new GenerationRequest(prompt, tokens, SamplingOptions.greedy(), List.of(), true);
        try (var work = new ConsoleProgress(context.streams()).start("Measuring", (rounds + 1L) * contenders.size())) {
            int done = 0;
            for (int round = 0; round <= rounds; round++) {
                for (Contender contender : contenders) {
                    contender.session().reset();
                    Generation generation = contender.session().generate(request, TokenSink.NONE);
                    if (round > 0) {
                        contender.prefill().add(generation.promptTokensPerSecond());
                        contender.decode().add(generation.tokensPerSecond());
                    }
                    work.done(++done);
                }
            }
        }
    }

    private void report(Model open, List<Contender> contenders) {
        PrintStream out = context.streams().out();
        if (json) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("model", open.description().name());
            map.put("file", open.path().toString());
            map.put("kernels", open.kernels());
            map.put("threads", open.threads());
            map.put("prompt_tokens", promptTokens);
            map.put("tokens", tokens);
            map.put("results", contenders.stream().map(BenchCommand::asMap).toList());
            Json.print(out, map);
            return;
        }
        out.println(open.description().name() + ", " + open.kernels() + ", " + open.threads() + " threads, "
                + promptTokens + " tokens read, " + tokens + " written, " + rounds + " rounds; tokens/s, median (min-max)");
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("provider", "prefill", "decode"));
        contenders.forEach(contender -> rows.add(List.of(
                contender.session().lineup().name(),
                Spread.of(contender.prefill()).toString(),
                Spread.of(contender.decode()).toString())));
        out.print(Listing.table("  ", rows));
    }

    private static Map<String, Object> asMap(Contender contender) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("provider", contender.session().lineup().name());
        map.put("members", contender.session().lineup().members().stream().map(member -> member.id()).toList());
        map.put("prefill", Spread.of(contender.prefill()).asMap());
        map.put("decode", Spread.of(contender.decode()).asMap());
        return map;
    }

    /** What came out of several rounds. */
    private record Spread(double median, double min, double max, List<Double> rounds) {

        static Spread of(List<Double> rounds) {
            List<Double> sorted = rounds.stream().sorted().toList();
            int n = sorted.size();
            return new Spread(
                    (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2, sorted.getFirst(), sorted.getLast(), rounds);
        }

        Map<String, Object> asMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("median", median);
            map.put("min", min);
            map.put("max", max);
            map.put("rounds", rounds);
            return map;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.1f (%.1f-%.1f)", median, min, max);
        }
    }
}
