package dev.sparsellm.conformance;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.CalibrationRequest;
import java.nio.file.Path;

/** Calibrations as tests need them: in one go, and of a fixed number of tokens (a first use takes what it has time for). */
final class Calibrations {

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

    /** @return the request's output */
    static Path calibrate(Model model, CalibrationRequest request) {
        chess(model).calibrate(model.description(), model.host(), request);
        return request.output();
    }
}
