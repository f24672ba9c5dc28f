package dev.sparsellm.runtime.cli;

import dev.sparsellm.spi.support.ProviderCatalog;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command line. {@link #run} does all of it and never ends the JVM, so that programs and tests can call it. */
public final class Main {

    private Main() {}

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        Streams streams = Streams.ofProcess();
        eraseIncubatorWarning(streams);
        Cancellation cancellation = new Cancellation();
        Runtime.getRuntime().addShutdownHook(new Thread(cancellation::requestAndWait, "cancel"));
        int code = ExitCode.FAILED;
        try {
            String[] others = PropertyArguments.moveTo(System.getProperties(), args);
            code = run(streams, cancellation, System.getProperties(), others);
        } finally {
            streams.out().flush();
            cancellation.ended();
        }
        System.exit(code);
    }

    /**
     * Runs a command with nothing on stdin and the properties of this JVM.
     *
     * @return 0 done, 1 failed, 2 used wrongly
     */
    public static int run(PrintStream out, PrintStream err, String... args) {
        Streams streams = new Streams(InputStream.nullInputStream(), out, err, 0);
        return run(streams, new Cancellation(), System.getProperties(), args);
    }

    static int run(Streams streams, Cancellation cancellation, Properties properties, String... args) {
        try {
            ProviderCatalog catalog = ProviderCatalog.discover(classLoader());
            Context context =
                    new Context(streams, cancellation, catalog, PropertyValues.of(properties, catalog));
            return written(commandLine(context).execute(args), streams);
        } catch (RuntimeException | Error e) {
            return Failures.report(e, streams);
        } finally {
            streams.out().flush();
        }
    }

    /** A full disk is not an exception to a {@link PrintStream}. A reader that has seen enough wants to hear no more. */
    private static int written(int code, Streams streams) {
        if (code != ExitCode.OK || !streams.out().checkError()) {
            return code;
        }
        if (!(streams.out() instanceof ResultStream results && results.readerHasGone())) {
            streams.note("The results could not all be written to stdout: the disk is full, or out of order");
        }
        return ExitCode.FAILED;
    }

    private static CommandLine commandLine(Context context) {
        CommandLine root = new CommandLine(new Root());
        GenerateCommand generate = new GenerateCommand(context);
        addWithSettings(root, generate, generate.model(), context);
        ChatCommand chat = new ChatCommand(context);
        addWithSettings(root, chat, chat.model(), context);
        ServeCommand serve = new ServeCommand(context);
        ServeCommand.adapt(addWithSettings(root, serve, serve.model(), context).getCommandSpec());
        CompareCommand compare = new CompareCommand(context);
        CompareCommand.adapt(addWithSettings(root, compare, compare.model(), context).getCommandSpec());
        root.addSubcommand(new CalibrateCommand(context));
        root.addSubcommand(new MergeProfilesCommand(context));
        root.addSubcommand(new TokenizeCommand(context));
        PerplexityCommand perplexity = new PerplexityCommand(context);
        addWithSettings(root, perplexity, perplexity.model(), context);
        EvalCommand eval = new EvalCommand(context);
        addWithSettings(root, eval, eval.model(), context);
        SweepCommand sweep = new SweepCommand(context);
        SweepCommand.adapt(addWithSettings(root, sweep, sweep.model(), context).getCommandSpec());
        BenchCommand bench = new BenchCommand(context);
        addWithSettings(root, bench, bench.model(), context);
        InspectCommand inspect = new InspectCommand(context);
        addWithSettings(root, inspect, inspect.model(), context);
        root.addSubcommand(new ProvidersCommand(context));
        root.addSubcommand(new SynthesizeCommand(context));
        // A prompt may begin with an @.
        root.setExpandAtFiles(false);
        root.setUsageHelpAutoWidth(false);
        root.setUsageHelpWidth(100);
        Streams streams = context.streams();
        root.setColorScheme(CommandLine.Help.defaultColorScheme(streams.isInteractive() ? Ansi.ON : Ansi.OFF));
        root.setOut(new java.io.PrintWriter(streams.out(), true));
        root.setErr(new java.io.PrintWriter(streams.err(), true));
        root.setParameterExceptionHandler((e, args) -> Failures.report(e, streams));
        root.setExecutionExceptionHandler((e, command, result) -> Failures.report(e, streams));
        return root;
    }

    /** Commands that open a model take the providers' settings as options, too. */
    private static CommandLine addWithSettings(
            CommandLine root, Object command, ModelArguments model, Context context) {
        CommandLine line = new CommandLine(command);
        model.addSettings(line.getCommandSpec(), context.catalog());
        root.addSubcommand(line);
        return line;
    }

    @Command(
            name = "sparsellm",
            description = "Runs Llama models in GGUF files on the CPU, dense or sparse.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            synopsisSubcommandLabel = "COMMAND",
            footer = {
                "",
                "Properties: -Dkey=value, anywhere on the line. sparsellm.provider, .model, .threads, .cache,",
                ".vectorBits (0, 128, 256 or 512), and the providers' settings: see 'sparsellm providers'."
            })
    private static final class Root implements Runnable {

        @Spec
        private CommandSpec spec;

        @Override
        public void run() {
            throw new CommandLine.ParameterException(spec.commandLine(), "Name a command: "
                    + String.join(", ", spec.subcommands().keySet()));
        }
    }

    private static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"sparsellm " + (version == null ? "(not from a jar)" : version)
                    + ", Java " + Runtime.version()};
        }
    }

    /**
     * The JVM warns of the incubating Vector API in a line of its own, just before it gets here, and no option stops it.
     * At a terminal, where the launcher has added the module, the line is taken back.
     */
    private static void eraseIncubatorWarning(Streams streams) {
        if (System.getenv(Streams.COLUMNS) != null && streams.errIsTerminal()
                && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            streams.err().print("\033[1A\033[2K\r");
        }
    }

    /** Plugins may be visible to the application only, not to this module. */
    static ClassLoader classLoader() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context != null ? context : Main.class.getClassLoader();
    }
}
