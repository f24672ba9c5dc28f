package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import dev.sparsellm.spi.Usage;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "perplexity",
        description = "How well a model predicts a text: exp of the mean negative log-likelihood, as llama.cpp counts it. What is"
                + " scored is run the way it would be written, what comes before it as a prompt.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class PerplexityCommand implements Callable<Integer> {

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @ArgGroup
    private TextArguments text = new TextArguments();

    @Option(names = "--ids", description = "The text is token ids, separated by blanks, without begin marks.")
    private boolean ids;

    @Option(
            names = "--ctx",
            paramLabel = "N",
            defaultValue = "512",
            description = "Positions of a window; its second half is scored. Default: ${DEFAULT-VALUE}.")
    private int length;

    @Option(names = "--chunks", paramLabel = "N", description = "Windows to read. Default: all.")
    private Integer chunks;

    @Option(names = "--json", description = "Print {\"perplexity\":..., \"tokens\":...}.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    PerplexityCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    @Override
    public Integer call() {
        Streams streams = context.streams();
        if (chunks != null && chunks < 1) {
            throw new UsageException("--chunks is " + chunks + "; give a number from 1");
        }
        String content = text.read(streams);
        try (Model open = model.open(context)) {
            int most = chunks == null ? Integer.MAX_VALUE : chunks;
            Tokenizer tokenizer = open.tokenizer();
            Windows windows = ids
                    ? Windows.ofIds(tokenizer, TokenIds.parse(content, tokenizer.vocabularySize()), length, most)
                    : Windows.ofText(tokenizer, content, length, most);
            Lineup lineup = Settled.lineup(open.defaultLineup());
            Perplexity result = Perplexity.of(open, lineup, windows, new ConsoleProgress(streams));
            if (json) {
                Json.print(streams.out(), asMap(result, lineup));
            } else {
                streams.out().println(String.format(
                        Locale.ROOT,
                        "Perplexity %.4f ± %.4f over %d tokens in %d windows of %d, by %s, %.1f s%s",
                        result.perplexity(),
                        result.standardError(),
                        result.tokens(),
                        result.windows(),
                        length,
                        Listing.members(lineup),
                        result.nanos() / 1e9,
                        leftOut(result).entrySet().stream()
                                .map(e -> String.format(Locale.ROOT, "; %s: %.1f %% left out", e.getKey(), 100 * e.getValue()))
                                .collect(Collectors.joining())));
            }
        }
        return ExitCode.OK;
    }

    /** Shares of channels left out where text was scored, by kind of operator. */
    private static Map<String, Double> leftOut(Perplexity result) {
        SortedMap<String, Usage> kinds = new TreeMap<>();
        result.scoredUsages().forEach((key, usage) -> {
            if (usage.kept() < usage.channels()) {
                kinds.put(key.kind().name().toLowerCase(Locale.ROOT), Usage.NONE);
            }
        });
        result.scoredUsages().forEach((key, usage) ->
                kinds.computeIfPresent(key.kind().name().toLowerCase(Locale.ROOT), (kind, sum) -> sum.plus(usage)));
        Map<String, Double> shares = new LinkedHashMap<>();
        kinds.forEach((kind, usage) -> shares.put(kind, usage.sparsity()));
        return shares;
    }

    private static Map<String, Object> asMap(Perplexity result, Lineup lineup) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("perplexity", result.perplexity());
        map.put("tokens", result.tokens());
        map.put("standard_error", result.standardError());
        map.put("chunks", result.windows());
        map.put("seconds", result.nanos() / 1e9);
        map.put("left_out", leftOut(result));
        map.put("providers", lineup.members().stream().map(Lineup.Member::id).toList());
        return map;
    }
}
