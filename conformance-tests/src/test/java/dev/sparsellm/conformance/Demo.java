package dev.sparsellm.conformance;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.spi.CalibrationRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The demo model, and what it learnt from its texts. */
final class Demo {

    private Demo() {}

    /** The model on two threads. */
    static Model open(Path cache) {
        ModelOptions options = ModelOptions.defaults().withCacheDirectory(cache).withThreads(2);
        return Model.load(DemoModel.locate(cache).orElseThrow(), options);
    }

    /**
     * As of {@code calibrate --file calibration.txt --tokens 8192}, by which docs/quality.md measures: made once for all tests of a
     * JVM, which takes seconds.
     */
    static Path profile() {
        return Profile.FILE;
    }

    /** Loaded when first asked for. */
    private static final class Profile {

        static final Path FILE = make();

        private static Path make() {
            try {
                Path folder = Files.createTempDirectory("sparsellm-demo");
                Path profile = folder.resolve("demo.gguf");
                try (Model model = open(folder)) {
                    int[] ids = model.tokenizer().encodeOrdinary(DemoTexts.calibration());
                    Calibrations.calibrate(model, new CalibrationRequest(ids, 256, 8192, 0, 0, 1, profile, false));
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
}
