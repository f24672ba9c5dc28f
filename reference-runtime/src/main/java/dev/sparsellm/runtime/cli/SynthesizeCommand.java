package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.synthetic.Shape;
import dev.sparsellm.runtime.synthetic.SyntheticModel;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "synthesize",
        description = "Writes a model of random weights in the shape of a real one, to measure speed without a download.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class SynthesizeCommand implements Callable<Integer> {

    private final Context context;

    @Option(names = "--shape", paramLabel = "SHAPE", required = true, completionCandidates = Shapes.class,
            description = "One of ${COMPLETION-CANDIDATES}.")
    private String shape;

    @Option(names = "--layers", paramLabel = "N", description = "Default: as many as the real one.")
    private Integer layers;

    @Option(names = "--vocab", paramLabel = "N",
            description = "Tokens of the vocabulary. Default: as many as the real one has. With fewer layers, fewer tokens"
                    + " in proportion keep the output head's share of the bytes.")
    private Integer vocabulary;

    @Option(names = "--type", paramLabel = "TYPE", defaultValue = "Q8_0",
            description = "Of the weights, such as F16, Q8_0, Q4_0, Q4_K. Default: ${DEFAULT-VALUE}.")
    private String type;

    @Option(names = {"-s", "--seed"}, paramLabel = "S", defaultValue = "1",
            description = "The same seed gives the same file. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", required = true, description = "Where to write it.")
    private Path output;

    @Mixin
    private HelpOption help = new HelpOption();

    SynthesizeCommand(Context context) {
        this.context = context;
    }

    static final class Shapes implements Iterable<String> {

        @Override
        public java.util.Iterator<String> iterator() {
            return Arrays.stream(Shape.values()).map(Shape::label).iterator();
        }
    }

    @Override
    public Integer call() throws IOException {
        try {
            Shape chosen = Shape.ofLabel(shape);
            SyntheticModel.write(
                    chosen,
                    layers == null ? chosen.layers() : layers,
                    vocabulary == null ? chosen.vocabulary() : vocabulary,
                    typeNamed(),
                    seed,
                    output,
                    new ConsoleProgress(context.streams()));
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
        context.streams().note("wrote " + output + ", " + Listing.bytes(Files.size(output)));
        return ExitCode.OK;
    }

    private TensorType typeNamed() {
        List<String> names = Arrays.stream(TensorType.values()).map(TensorType::name).toList();
        String name = type.toUpperCase(Locale.ROOT);
        if (!names.contains(name)) {
            throw new UsageException("There is no type '" + type + "'; there are " + String.join(", ", names)
                    + Suggestion.of(name, names));
        }
        return TensorType.valueOf(name);
    }
}
