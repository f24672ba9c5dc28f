package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.lineup.LineupBuilder;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the plugin cannot serve runs dense and says why in a line; asked for by name it is an error. */
class RefusalsTest {

    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final List<String> STORY =
            List.of("generate", "--prompt", "Once upon a time", "-n", "5", "--temp", "0");

    @TempDir
    static Path folder;

    private static Model model;
    private static Path profile;

    @BeforeAll
    static void calibrate() throws IOException {
        model = Demo.open(folder.resolve("cache"));
        int[] ids = Arrays.copyOf(model.tokenizer().encodeOrdinary("Once upon a time there was. ".repeat(40)), 128);
        profile = Calibrations.calibrate(model, ids, 32, folder.resolve("profile.gguf"));
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    @Test
    void aProfileThatCannotBeUsedIsNamedAndTheModelRunsDense() throws Exception {
        String dense = run(List.of(), "--provider", "dense").succeeds().out();
        refuse("gone.gguf", bytes -> null, dense, "gone.gguf");
        refuse("cut.gguf", bytes -> Arrays.copyOf(bytes, bytes.length / 2), dense, "cut.gguf", "calibrate again");
        refuse("damaged.gguf", bytes -> changed(bytes, bytes.length - 1000), dense, "damaged", "calibrate again");
        refuse("newer.gguf", bytes -> changed(bytes, behind(bytes, "chess.version") + 4), dense,
                "version 3", "newer plugin");
        // A GGUF string follows its type and length.
        refuse("foreign.gguf", bytes -> changed(bytes, behind(bytes, "chess.model.fingerprint") + 4 + 8), dense,
                "belongs to another model", model.description().fingerprint());
    }

    private static void refuse(String name, UnaryOperator<byte[]> change, String dense, String... words)
            throws Exception {
        Path file = folder.resolve(name);
        byte[] bytes = change.apply(Files.readAllBytes(profile));
        if (bytes != null) {
            Files.write(file, bytes);
        }
        List<String> properties = List.of("-Dchess.profile=" + file);
        run(properties, "--provider", "chess").failsWith(FAILED, words);
        Processes.Ended by = run(properties).succeeds();
        assertThat(by.out()).isEqualTo(dense);
        assertThat(by.err().lines().filter(line -> line.startsWith("sparsellm: chess: ")))
                .singleElement()
                .asString()
                .contains(words);
    }

    @Test
    void theProfileItselfServes() throws Exception {
        Processes.Ended ended = run(List.of("-Dchess.profile=" + profile), "--provider", "chess").succeeds();
        assertThat(ended.err()).contains("profile " + profile);
    }

    @Test
    void settingsThatAreWrongAreUsageErrors() throws Exception {
        run(List.of("-Dchess.sparsity=2")).failsWith(USAGE, "chess.sparsity", "2", "0.95");
        run(List.of("-Dchess.sparcity=0.5")).failsWith(USAGE, "chess.sparcity", "chess.sparsity");
        run(List.of("-Dchess.thresholds=some")).failsWith(USAGE, "chess.thresholds", "corrected", "plain");
    }

    @Test
    void aModelThatCannotBeServedRunsDenseWithAReasonInOneLine() {
        ModelDescription d = model.description();
        LayerWeights w = d.layers().getFirst();
        refuse(new ModelDescription(d.name(), d.architecture(), d.fingerprint(), d.shape(), ActivationFunction.GELU,
                d.layers(), d.output()), "GELU", "SILU only");
        refuse(withDown(new Tensor(w.down().name(), TensorType.I32, w.down().rows(), w.down().columns(),
                MemorySegment.ofArray(new int[w.down().rows() * w.down().columns()]))),
                w.down().name(), "stored as I32", "no sparse kernels");
        refuse(withDown(new Tensor(w.down().name(), TensorType.F32, w.down().rows(), 32,
                MemorySegment.ofArray(new float[w.down().rows() * 32]))),
                w.down().name(), "[32]", "would fit the model's shape");
    }

    private static void refuse(ModelDescription description, String... words) {
        List<String> notices = new ArrayList<>();
        LineupBuilder builder =
                new LineupBuilder(model.providers(), description, model.host(), Map.of(), notices::add);
        Lineup lineup = builder.build("");
        assertThat(lineup.assignments()).isNotEmpty().allSatisfy((key, assignment) ->
                assertThat(lineup.providerOf(key)).isEqualTo("dense"));
        assertThat(notices) // weights that are whole numbers the dense provider, too, refuses
                .filteredOn(notice -> notice.startsWith("chess: "))
                .singleElement()
                .asString()
                .contains(words)
                .doesNotContain("\n");
        assertThatThrownBy(() -> builder.build("chess"))
                .isInstanceOf(ProviderException.class)
                .hasMessageContainingAll("'chess' cannot serve this model", words[0], words[1]);
    }

    private static ModelDescription withDown(Tensor down) {
        ModelDescription d = model.description();
        List<LayerWeights> layers = new ArrayList<>(d.layers());
        LayerWeights w = layers.getFirst();
        layers.set(0, new LayerWeights(w.query(), w.key(), w.value(), w.attentionOutput(), w.gate(), w.up(), down));
        return new ModelDescription(
                d.name(), d.architecture(), d.fingerprint(), d.shape(), d.activation(), layers, d.output());
    }

    /** By scalar code: for five tokens the JVM would interpret vectors, which takes longer, and refusals are the same. */
    private static Processes.Ended run(List<String> properties, String... more) throws Exception {
        List<String> all = new ArrayList<>(properties);
        all.add("-Dsparsellm.vectorBits=0");
        List<String> command = new ArrayList<>(STORY);
        command.addAll(List.of(more));
        return Processes.run(folder, all, command.toArray(String[]::new));
    }

    /** With another digit, letter or number at one place. */
    private static byte[] changed(byte[] bytes, int at) {
        byte[] changed = bytes.clone();
        changed[at] ^= 1;
        return changed;
    }

    private static int behind(byte[] bytes, String key) {
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(key);
        assertThat(at).isPositive();
        return at + key.length();
    }
}
