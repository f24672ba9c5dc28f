package dev.sparsellm.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * Test material that is not part of the project: models, vocabularies, texts and golden figures, in a folder
 * {@code shared} beside the checkout, or where the environment variable or system property {@code SPARSELLM_SHARED} says.
 *
 * <p>A test that needs a file which is not there is skipped, and says what was missing. Where the environment variable
 * {@code CI} is {@code true} it fails instead.
 */
public final class SharedFiles {

    private static final String VARIABLE = "SPARSELLM_SHARED";

    private SharedFiles() {}

    /** A file or folder below {@code shared}; ends the calling test where it is missing. */
    public static Path require(String relative) {
        Optional<Path> file = root().map(root -> root.resolve(relative)).filter(Files::exists);
        if (file.isEmpty()) {
            String message = "No " + relative + " in " + root().map(Path::toString).orElse("any folder 'shared' above "
                    + Path.of("").toAbsolutePath()) + "; set " + VARIABLE + " to the folder of the test material";
            if ("true".equals(System.getenv("CI"))) {
                throw new AssertionError(message + " (a failure because CI=true)");
            }
            Assumptions.abort(message);
        }
        return file.get();
    }

    /** The token ids in a file below {@code shared}: decimal, separated by white space. */
    public static int[] ids(String relative) throws IOException {
        String text = Files.readString(require(relative));
        return Arrays.stream(text.strip().split("\\s+")).mapToInt(Integer::parseInt).toArray();
    }

    /** The folder, where there is one. */
    public static Optional<Path> root() {
        String named = System.getProperty(VARIABLE, System.getenv(VARIABLE));
        if (named != null && !named.isBlank()) {
            return Optional.of(Path.of(named));
        }
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve("shared/design.md"))) {
                return Optional.of(folder.resolve("shared"));
            }
        }
        return Optional.empty();
    }
}
