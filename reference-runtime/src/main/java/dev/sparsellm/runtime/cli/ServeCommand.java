package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.serve.ModelServer;
import dev.sparsellm.runtime.serve.ServeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

@Command(
        name = "serve",
        description = "Serves the model over HTTP, as OpenAI's clients expect it, and a page at / that shows dense and sparse"
                + " answers side by side. Ctrl-C ends it.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class ServeCommand implements Callable<Integer> {

    /** Holds what clients have to show: on the command line every user of the machine could read it. */
    static final String API_KEY = "SPARSELLM_API_KEY";

    private static final String DENSE = "dense";

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = "--host", paramLabel = "ADDRESS", defaultValue = "127.0.0.1",
            description = "Where to listen; 0.0.0.0 is everywhere. Clients have to show the key in the environment variable "
                    + API_KEY + ", where there is one. Default: ${DEFAULT-VALUE}, this machine alone.")
    private String host;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8080",
            description = "0 takes any that is free. Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(names = "--offer", paramLabel = "IDS",
            description = "What else a request may choose by its field or header 'provider', such as chess:sparsity=0.7; may be"
                    + " given several times. Default: dense, and each provider on the path that can serve the model.")
    private List<String> offers;

    @Option(names = "--name", paramLabel = "NAME", description = "What clients call the model. Default: the file's name.")
    private String name;

    @Option(names = "--chat-format", paramLabel = "NAME",
            description = "How the model reads conversations. Default: as its file says; the messages as one text to go on from"
                    + " for one without.")
    private String format;

    @Mixin
    private ContextArgument contextLength = new ContextArgument();

    @Option(names = {"-n", "--tokens"}, paramLabel = "N", defaultValue = "1024",
            description = "The most tokens of an answer. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "2",
            description = "Requests computed at the same time, in turns. Default: ${DEFAULT-VALUE}.")
    private int parallel;

    @Option(names = "--queue", paramLabel = "N", defaultValue = "8",
            description = "Requests that may wait; more are refused. Default: ${DEFAULT-VALUE}.")
    private int queue;

    @Option(names = "--max-body", paramLabel = "KIB", defaultValue = "1024",
            description = "The largest request. Default: ${DEFAULT-VALUE} KiB.")
    private int maxBody;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "600",
            description = "The longest a request may wait and be computed. Default: ${DEFAULT-VALUE}.")
    private long timeout;

    @Mixin
    private HelpOption help = new HelpOption();

    ServeCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    /** Says what the option means here. */
    static void adapt(CommandSpec spec) {
        var provider = spec.findOption("--provider");
        spec.remove(provider);
        spec.addOption(picocli.CommandLine.Model.OptionSpec.builder(provider)
                .description("Who serves requests that do not choose, such as dense; settings may follow:"
                        + " chess:sparsity=0.7. Default: all on the path, by priority.")
                .build());
    }

    @Override
    public Integer call() throws IOException {
        ModelServer server = ModelServer.find(Main.classLoader()).orElseThrow(() -> new IllegalArgumentException(
                "There is no server on the path: put the jar of module server, and what is in its folder lib, beside this one"));
        check();
        try (Model open = model.open(context)) {
            serve(server, open, options(open));
        }
        return ExitCode.OK;
    }

    private void serve(ModelServer server, Model open, ServeOptions options) throws IOException {
        Streams streams = context.streams();
        Settled.prepare(open, options.providers(), new ConsoleProgress(streams));
        try (HeapWatch _ = HeapWatch.start();
                ModelServer.Running running = server.start(open, options)) {
            streams.out().println(running.address());
            streams.out().flush();
            streams.note("serving " + open.path().getFileName() + " at " + running.address() + " for OpenAI's clients"
                    + " (base URL " + running.address() + "v1); open it in a browser to compare providers; Ctrl-C ends it");
            context.cancellation().interrupting(ServeCommand::untilInterrupted);
        }
    }

    private static void untilInterrupted() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void check() {
        require("--port", port, port >= 0 && port <= 65535, "a number from 0 to 65535");
        require("--tokens", tokens, tokens >= 1, "a number from 1");
        require("--parallel", parallel, parallel >= 1 && parallel <= 64, "a number from 1 to 64");
        require("--queue", queue, queue >= 0, "a number from 0");
        require("--max-body", maxBody, maxBody >= 1 && maxBody <= 1 << 20, "KiB from 1 to 1048576");
        require("--timeout", timeout, timeout >= 1, "seconds from 1");
    }

    private static void require(String option, long value, boolean allowed, String what) {
        if (!allowed) {
            throw new UsageException(option + " is " + value + "; give " + what);
        }
    }

    private ServeOptions options(Model open) {
        Streams streams = context.streams();
        boolean demo = DemoModel.isAt(open.path(), context.cacheDirectory());
        try {
            ServeOptions options = ServeOptions.defaults(name(open.path(), demo), providers(open))
                    .withAddress(host, port)
                    .withApiKey(Optional.ofNullable(System.getenv(API_KEY)))
                    .withChatFormat(format(open))
                    .withRepetitionPenalty(demo ? CompareCommand.DEMO_PENALTY : 1)
                    .withLengths(contextLength.of(open, streams), tokens)
                    .withQueue(parallel, queue)
                    .withLimits((int) Math.min(Integer.MAX_VALUE, maxBody * 1024L), Duration.ofSeconds(timeout))
                    .withNotices(streams::note);
            if (options.chatFormat().isEmpty()) {
                streams.note("this model knows no conversations; it writes on from what messages say");
            }
            return options;
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private Optional<ChatFormat> format(Model open) {
        return format == null ? open.chatFormat() : Optional.of(ChatFormat.named(format, open.tokenizer()));
    }

    /** What clients call the model: the file's name, without what no URL or header should hold. */
    private String name(Path path, boolean demo) {
        if (name != null || demo) {
            return name != null ? name : "demo";
        }
        String file = path.getFileName().toString().replaceFirst("(-00001-of-\\d{5})?\\.gguf$", "");
        String plain = file.replaceAll("[^A-Za-z0-9._-]+", "-");
        return plain.isEmpty() ? "model" : plain;
    }

    /** Preferences on offer, the one that serves by default first. */
    private List<String> providers(Model open) {
        // Those that would serve it all without being asked.
        List<String> able = open.plan("*").stream()
                .filter(plan -> plan.refusal().isEmpty() && !plan.plan().taken().isEmpty())
                .map(plan -> plan.provider().id())
                .filter(id -> !id.equals(DENSE))
                .toList();
        String preference = model.preference(context);
        Set<String> all = new LinkedHashSet<>();
        all.add(!preference.isBlank() ? preference : able.isEmpty() ? DENSE : String.join(",", able));
        if (offers != null) {
            all.addAll(offers);
        } else {
            all.addAll(able);
            all.add(DENSE);
        }
        return all.stream().map(String::strip).distinct().collect(Collectors.toUnmodifiableList());
    }
}
