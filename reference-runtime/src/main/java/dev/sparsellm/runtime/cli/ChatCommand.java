package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "chat",
        description = "A conversation: type a line, read the answer. /help lists what else there is. Without a terminal,"
                + " lines come from stdin.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class ChatCommand implements Callable<Integer> {

    private static final String HELP = """
            /context  how full the context is
            /reset    begin a new conversation
            /help     this list
            /exit     leave; so does Ctrl-D. Ctrl-C cuts an answer short
            """;

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = "--system", paramLabel = "TEXT", description = "How the model is to behave.")
    private String system;

    @Option(
            names = "--chat-format",
            paramLabel = "NAME",
            description = "How the model reads conversations. Default: as its file says; none for one without, which then"
                    + " writes on from what you type.")
    private String format;

    @Option(
            names = {"-n", "--tokens"},
            paramLabel = "N",
            defaultValue = "512",
            description = "The most tokens of an answer. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Mixin
    private SamplingArguments sampling = new SamplingArguments();

    @Mixin
    private ContextArgument contextLength = new ContextArgument();

    @Mixin
    private HelpOption help = new HelpOption();

    ChatCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    @Override
    public Integer call() throws IOException {
        Streams streams = context.streams();
        if (tokens < 1) {
            throw new UsageException("-n is " + tokens + "; give a number from 1");
        }
        SamplingOptions options = sampling.options();
        try (Model open = model.open(context);
                Session session = open.newSession(Settled.lineup(open.defaultLineup()), contextLength.of(open, streams))) {
            Conversation conversation =
                    Conversation.of(open, session, Optional.ofNullable(format), Optional.ofNullable(system));
            if (conversation.format().isEmpty()) {
                streams.note("this model knows no conversations; it writes on from what you type");
            }
            try (LineSource lines = LineSource.of(streams, context.cancellation())) {
                converse(conversation, lines, options);
            }
        }
        return ExitCode.OK;
    }

    private void converse(Conversation conversation, LineSource lines, SamplingOptions options) throws IOException {
        Streams streams = context.streams();
        for (String line = lines.next(); line != null; line = lines.next()) {
            if (line.isBlank()) {
                continue;
            }
            switch (line.strip()) {
                case "/exit", "/quit" -> {
                    return;
                }
                case "/help" -> streams.err().print(HELP);
                case "/reset" -> {
                    conversation.reset();
                    streams.note("a new conversation begins");
                }
                case "/context" -> streams.note(conversation.fill());
                case String word when word.matches("/[a-z]+") ->
                    streams.note("there is no command " + word + "; /help lists them");
                default -> answer(conversation, line, options);
            }
            // At a terminal Ctrl-C cuts an answer short, and the line editor goes on; elsewhere it ends everything.
            if (streams.out().checkError() || !streams.isInteractive() && context.cancellation().requested()) {
                return;
            }
        }
    }

    private void answer(Conversation conversation, String line, SamplingOptions options) {
        Streams streams = context.streams();
        try {
            var generation = context.cancellation().during(() ->
                    conversation.answer(line, tokens, options, (id, text) -> {
                        streams.out().print(text);
                        return !streams.out().checkError() && !context.cancellation().requested();
                    }));
            streams.out().println();
            if (streams.isInteractive()) {
                streams.note(GenerateCommand.summary(generation, conversation.lineup()));
            }
        } catch (Conversation.FullException e) {
            streams.note(e.getMessage());
        }
    }
}
