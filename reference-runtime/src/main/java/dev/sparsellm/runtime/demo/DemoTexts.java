package dev.sparsellm.runtime.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Public-domain texts that come along: fairy tales, like those the demo model has read, but not among them. */
public final class DemoTexts {

    /** How a fairy tale begins. */
    public static final String PROMPT = "There was once a poor woodcutter who lived with his wife";

    private DemoTexts() {}

    /** To calibrate on. */
    public static String calibration() {
        return read("calibration.txt");
    }

    /** To measure quality on; shares nothing with {@link #calibration()}. */
    public static String heldOut() {
        return read("held-out.txt");
    }

    private static String read(String name) {
        try (InputStream in = DemoTexts.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("This build lacks its text " + name + ": build it again");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
