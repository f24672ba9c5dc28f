package dev.sparsellm.server;

import dev.sparsellm.chess.ChessProvider;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.chat.ChatFormat;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.serve.ModelServer;
import dev.sparsellm.runtime.serve.ServeOptions;
import dev.sparsellm.spi.CalibrationRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The demo model, dense and sparse, behind a server: calibrated once for all tests, on little text. */
public final class DemoServer {

    private static final int TOKENS = 512;
    private static final int WINDOW = 64;

    private final Model model;

    private DemoServer(Model model) {
        this.model = model;
    }

    private static final class Holder {

        private static final DemoServer ONLY = new DemoServer(open());
    }

    /** The one there is. */
    public static DemoServer get() {
        return Holder.ONLY;
    }

    Model model() {
        return model;
    }

    /** A server on a free port; close it. */
    public ModelServer.Running start(UnaryOperator<ServeOptions> changes) {
        ServeOptions options = ServeOptions.defaults("demo", List.of("chess", "dense"))
                .withLengths(256, 128)
                .withChatFormat(Optional.empty());
        try {
            return ModelServer.find(getClass().getClassLoader()).orElseThrow().start(model, changes.apply(options));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A server on a free port, with all as it usually is; close it. */
    public ModelServer.Running start() {
        return start(options -> options);
    }

    ChatFormat format(String name) {
        return ChatFormat.named(name, model.tokenizer());
    }

    private static Model open() {
        try {
            Path folder = Files.createTempDirectory("sparsellm-server");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            Path file = DemoModel.locate(folder).orElseThrow();
            ModelOptions options = ModelOptions.defaults().withCacheDirectory(folder).withThreads(2);
            Path profile = folder.resolve("demo.profile.gguf");
            try (Model model = Model.load(file, options)) {
                int[] ids = Arrays.copyOf(model.tokenizer().encodeOrdinary(DemoTexts.calibration()), TOKENS);
                new ChessProvider().calibrate(model.description(), model.host(),
                        new CalibrationRequest(ids, WINDOW, 0, 0, 0, 1, profile, false));
            }
            return Model.load(file, options.withSettings(
                    // Sparse whether or not that is faster here.
                    Map.of("chess.profile", profile.toString(), "chess.crossover", "0")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            // Temporary files may stay.
        }
    }
}
