package dev.sparsellm.benchmarks.endtoend;

import dev.sparsellm.runtime.synthetic.Shape;
import java.nio.file.Path;
import java.util.List;

/**
 * A synthetic model in the work folder.
 *
 * @param layers of the real model's
 * @param vocabulary tokens
 * @param type of the weights, as the command line takes it
 */
record ModelFile(Shape shape, int layers, int vocabulary, String type) {

    /**
     * Of a model that is too large here, a quarter: of its layers and of its vocabulary, so that the output head has the
     * share of the bytes that it has in the whole model.
     */
    static ModelFile of(Shape shape, String type) {
        boolean large = shape.layers() * (long) shape.vocabulary() > LARGE;
        return new ModelFile(shape, large ? shape.layers() / 4 : shape.layers(),
                large ? shape.vocabulary() / 4 : shape.vocabulary(), type);
    }

    /** Between Llama 3.2 1B's and Llama 3 8B's. */
    private static final long LARGE = 28L * 128_256;

    String title() {
        String whole = shape.label() + ", " + type;
        return layers == shape.layers()
                ? whole
                : whole + ", " + layers + " of " + shape.layers() + " layers, vocabulary of " + vocabulary;
    }

    Path in(Path work) {
        return work.resolve(stem() + ".gguf");
    }

    Path profileIn(Path work) {
        return work.resolve(stem() + ".profile.gguf");
    }

    private String stem() {
        return shape.label() + "-" + layers + "-" + vocabulary + "-" + type;
    }

    /** What {@code ./sparsellm} is to do to make the file. */
    List<String> synthesize(Path work) {
        return List.of("synthesize", "--shape", shape.label(), "--layers", Integer.toString(layers), "--vocab",
                Integer.toString(vocabulary), "--type", type, "-o", in(work).toString());
    }

    /** What {@code ./sparsellm} is to do to calibrate it: little, since random weights have nothing to learn from text. */
    List<String> calibrate(Path work, Path text) {
        return List.of("calibrate", "--model", in(work).toString(), "--file", text.toString(), "--tokens", "512",
                "-o", profileIn(work).toString());
    }
}
