package dev.sparsellm.runtime.cli;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "tokenize",
        description = "Turns text into token ids.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class TokenizeCommand implements Callable<Integer> {

    private final Context context;

    @Mixin
    private FileArgument model = new FileArgument();

    @ArgGroup
    private TextArguments text = new TextArguments();

    @Option(names = "--no-bos", description = "No begin mark, even if the model wants one.")
    private boolean noBos;

    @Option(
            names = "--parse-special",
            description = "Names of special tokens in the text become these tokens; otherwise they are plain text.")
    private boolean parseSpecial;

    @Option(names = "--json", description = "Print {\"ids\":[...]}.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    TokenizeCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        PrintStream out = context.streams().out();
        // Only the vocabulary is needed: the file may be one that holds nothing else.
        try (Gguf file = Gguf.open(model.file(context))) {
            Tokenizer tokenizer = Tokenizer.of(file.metadata());
            int[] ids = tokenizer.encode(
                    text.read(context.streams()), new EncodeOptions(!noBos, parseSpecial));
            if (json) {
                Json.print(out, Map.of("ids", ids));
            } else {
                for (int id : ids) {
                    out.println("%7d  %s".formatted(id, Quoted.of(tokenizer.piece(id))));
                }
            }
        }
        return ExitCode.OK;
    }
}
