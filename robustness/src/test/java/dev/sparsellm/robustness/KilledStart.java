package dev.sparsellm.robustness;

import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A first use of a model, for a process of its own that is killed meanwhile; and the same inside this one. */
final class KilledStart {

    static final String BEGIN = "begin";
    static final String END = "end";

    private KilledStart() {}

    /** Arguments: the model's file, the folder for its profile and repacked weights. */
    public static void main(String[] args) {
        try (Model model = open(Path.of(args[0]), Path.of(args[1]))) {
            System.out.println(BEGIN);
            model.defaultLineup();
            System.out.println(END);
        }
    }

    /** What the model writes with what is in the folder, after calibrating and repacking where that is not there. */
    static String write(Path file, Path cache) {
        try (Model model = open(file, cache); Session session = model.newSession(model.defaultLineup(), 32)) {
            GenerationRequest request = new GenerationRequest(
                    session.prompt("ab c"), 12, SamplingOptions.greedy(), List.of(), true);
            return Arrays.toString(session.generate(request, (id, text) -> true).ids());
        }
    }

    private static Model open(Path file, Path cache) {
        return Model.load(
                file, ModelOptions.defaults().withThreads(1).withProviders("chess").withCacheDirectory(cache));
    }
}
