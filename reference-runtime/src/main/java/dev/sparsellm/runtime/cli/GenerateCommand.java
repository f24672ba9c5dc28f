package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "generate",
        description = "Writes on from a prompt.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class GenerateCommand implements Callable<Integer> {

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = {"-p", "--prompt"}, paramLabel = "TEXT", description = "The text to go on from.")
    private String prompt;

    @Option(names = {"-f", "--file"}, paramLabel = "FILE", description = "Read the prompt from a file; - is stdin.")
    private Path file;

    @Option(
            names = {"-n", "--tokens"},
            paramLabel = "N",
            defaultValue = "256",
            description = "The most tokens to write. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Mixin
    private SamplingArguments sampling = new SamplingArguments();

    @Mixin
    private ContextArgument contextLength = new ContextArgument();

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text; may be given several times.")
    private List<String> stops = List.of();

    @Option(names = "--ignore-end", description = "Write on behind the model's end mark.")
    private boolean ignoreEnd;

    @Option(names = "--echo", description = "Print the prompt, too.")
    private boolean echo;

    @Option(
            names = "--json",
            description = "Print {\"text\":..., \"ids\":[...], \"prompt_tokens\":..., \"tokens_per_second\":...}.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    GenerateCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    @Override
    public Integer call() {
        Streams streams = context.streams();
        PrintStream out = streams.out();
        String start = promptText(streams);
        if (tokens < 0) {
            throw new UsageException("-n is " + tokens + "; give a number from 0");
        }
        SamplingOptions options = sampling.options();
        try (Model open = model.open(context)) {
            Lineup lineup = Settled.lineup(open.defaultLineup());
            try (Session session = open.newSession(lineup, contextLength.of(open, streams))) {
                GenerationRequest request =
                        new GenerationRequest(session.prompt(start), tokens, options, stops, ignoreEnd);
                if (echo && !json) {
                    out.print(start);
                }
                Generation generation = context.cancellation().during(() ->
                        session.generate(request, json ? this::goOn : this::print));
                if (json) {
                    Json.print(out, asMap(generation, lineup));
                } else {
                    out.println();
                    if (!out.checkError()) {
                        streams.note(summary(generation, lineup));
                    }
                }
            }
        }
        return ExitCode.OK;
    }

    private String promptText(Streams streams) {
        if ((prompt == null) == (file == null)) {
            throw new UsageException("Give a prompt, either with --prompt TEXT or with --file FILE (- is stdin)");
        }
        return prompt != null ? prompt : TextArguments.read(file, streams);
    }

    private boolean goOn(int id, String text) {
        return !context.cancellation().requested();
    }

    /** A {@link TokenSink}; false also where nobody reads any more, as behind {@code | head}. */
    private boolean print(int id, String text) {
        context.streams().out().print(text);
        return !context.streams().out().checkError() && !context.cancellation().requested();
    }

    private static Map<String, Object> asMap(Generation generation, Lineup lineup) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("text", generation.text());
        map.put("ids", generation.ids());
        map.put("prompt_tokens", generation.promptTokens());
        map.put("tokens_per_second", generation.tokensPerSecond());
        map.put("prompt_tokens_per_second", generation.promptTokensPerSecond());
        map.put("stop", generation.stop().name().toLowerCase(Locale.ROOT));
        map.put("providers", lineup.members().stream().map(Lineup.Member::id).toList());
        return map;
    }

    static String summary(Generation generation, Lineup lineup) {
        return String.format(
                Locale.ROOT,
                "read %d tokens at %.1f/s, wrote %d at %.1f/s (%s), computed by %s",
                generation.promptTokens(),
                generation.promptTokensPerSecond(),
                generation.ids().length,
                generation.tokensPerSecond(),
                switch (generation.stop()) {
                    case END -> "end mark";
                    case STOP_TEXT -> "stop text";
                    case LENGTH -> "-n reached";
                    case CONTEXT_FULL -> "context full, see --ctx";
                    case CANCELLED -> "cancelled";
                },
                Listing.members(lineup));
    }
}
