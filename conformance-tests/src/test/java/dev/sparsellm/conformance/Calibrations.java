package dev.sparsellm.conformance;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.CalibrationRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Calibrations as tests need them: in one go, and of a fixed number of tokens (a first use takes what it has time for). */
final class Calibrations {

    private static final int WINDOW = 256;

    private Calibrations() {}

    /** The provider under test, as something that learns. */
    static Calibratable chess(Model model) {
        return (Calibratable) model.providers().require("chess").provider();
    }

    /**
     * Calibrates on all ids that fill a window.
     *
     * @return {@code output}
     */
    static Path calibrate(Model model, int[] ids, int window, Path output) {
        return calibrate(model, new CalibrationRequest(ids, window, 0, 0, 0, 1, output, false));
    }

    /**
     * The demo model's, as of {@code calibrate --file calibration.txt --tokens 8192}, by which docs/quality.md measures: made
     * once for all tests of a JVM, which takes seconds.
     */
    static Path ofDemo() {
        return Demo.PROFILE;
    }

    /** Loaded when first asked for. */
    private static final class Demo {

        static final Path PROFILE = make();

        private static Path make() {
            try {
                Path folder = Files.createTempDirectory("sparsellm-demo");
                Path profile = folder.resolve("demo.gguf");
                ModelOptions options = ModelOptions.defaults().withCacheDirectory(folder).withThreads(2);
                try (Model model = Model.load(DemoModel.locate(folder).orElseThrow(), options)) {
                    int[] ids = model.tokenizer().encodeOrdinary(DemoTexts.calibration());
                    calibrate(model, new CalibrationRequest(ids, WINDOW, 8192, 0, 0, 1, profile, false));
                }
                folder.toFile().deleteOnExit();
                try (Stream<Path> files = Files.walk(folder)) { // what is asked for last is deleted first
                    files.skip(1).forEach(file -> file.toFile().deleteOnExit());
                }
                return profile;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Path calibrate(Model model, CalibrationRequest request) {
        chess(model).calibrate(model.description(), model.host(), request);
        return request.output();
    }
}
