package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import picocli.CommandLine.Option;

/** How long a session may become. */
final class ContextArgument {

    /** Keys and values of 4096 positions fit everywhere; a model's own limit may need many gigabytes. */
    private static final int DEFAULT = 4096;

    @Option(
            names = "--ctx",
            paramLabel = "N",
            description = "Positions, prompt and answer together. Default: the model's, " + DEFAULT + " at most.")
    private Integer length;

    int of(Model model, Streams streams) {
        int trained = model.description().shape().contextLength();
        if (length == null) {
            return Math.min(DEFAULT, trained);
        }
        if (length < 1) {
            throw new UsageException("--ctx is " + length + "; give a number from 1");
        }
        if (length > trained) {
            streams.note("--ctx is " + length + ", the model was made for " + trained
                    + " positions: what it writes beyond them may make no sense");
        }
        return length;
    }
}
