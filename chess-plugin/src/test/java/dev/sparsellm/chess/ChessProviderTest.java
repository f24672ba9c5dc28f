package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.SettingsException;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.Usage;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChessProviderTest {

    private static final int LAYERS = 2;

    @TempDir
    Path folder;

    private static final SmallLlama MODEL = SmallLlama.random(TensorType.Q8_0, LAYERS, 64, 160, 4, 2, 41);

    /** A profile made by a first use. */
    private static byte[] profile;

    @TempDir
    static Path shared;

    private final ChessProvider provider = new ChessProvider();
    private Path cache;
    private Threads threads;
    private TestHost host;

    @BeforeEach
    void start() throws IOException {
        cache = folder.resolve("cache");
        threads = new Threads(2);
        host = new TestHost(MODEL, threads, cache);
        if (profile == null) {
            TestHost first = new TestHost(MODEL, threads, shared).withMaxWindow(64);
            provider.prepare(MODEL.description(), settings(""), plan(""), first).close();
            assertThat(first.notices).singleElement().asString().contains("calibrating once");
            profile = Files.readAllBytes(shared.resolve(cachedProfile().getFileName()));
        }
        Files.createDirectories(cache);
        Files.write(cachedProfile(), profile);
    }

    @AfterEach
    void stop() {
        threads.close();
    }

    @Test
    void isFoundByTheServiceLoader() {
        ProviderCatalog catalog = ProviderCatalog.discover(getClass().getClassLoader());
        assertThat(catalog.broken()).isEmpty();
        assertThat(catalog.require("chess").provider()).isInstanceOf(ChessProvider.class);
        assertThat(provider.description()).contains("CHESS", "CATS");
    }

    @ParameterizedTest
    @CsvSource({
        "'', 6", "chess.method=chess, 6", "chess.method=cats, 2", "chess.attention=false, 2",
        "chess.enabled=false, 0", "chess.sparsity=0, 6"
    })
    void takesWhatTheMethodCovers(String settings, int operators) {
        Plan plan = provider.plan(MODEL.description(), settings(settings));
        assertThat(plan.taken()).hasSize(operators);
        assertThat(plan.decisions()).hasSize(operators);
        assertThat(plan.taken().stream().map(OperatorKey::kind)).allMatch(kind -> operators == 2
                ? kind == OperatorKind.FEED_FORWARD
                : Site.of(kind).isPresent());
    }

    @ParameterizedTest
    @CsvSource({
        "'chess.method=cats,chess.attention=true', chess.attention is true",
        "'chess.attention=false,chess.attention.sparsity=0.3', attention is off",
        "'chess.method=cats,chess.attention.sparsity=0.3', attention is off",
        "'chess.method=cats,chess.weight=rms', only method chess",
        "'chess.sparsity=0.96', 0.95",
        "'chess.sparsity=-0.1', 0.95",
        "'chess.sparsity=NaN', 0.95",
        "'chess.method=chest', chess+",
        "'chess.prefill=yes', masked",
        "'chess.sparsty=0.5', chess.sparsity"
    })
    void valuesThatAreWrongOrDoNotGoTogetherAreErrors(String settings, String message) {
        assertThatThrownBy(() -> provider.plan(MODEL.description(), settings(settings)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesWhatItCannotServeAndSaysWhy() {
        ModelDescription d = MODEL.description();
        ModelDescription gelu = new ModelDescription(
                d.name(), d.architecture(), d.fingerprint(), d.shape(), ActivationFunction.GELU, d.layers(),
                d.output());
        Plan plan = provider.plan(gelu, settings(""));
        assertThat(plan.taken()).isEmpty();
        assertThat(plan.firstRefusal().orElseThrow().reason()).contains("GELU");
        assertThat(plan.firstRefusal().orElseThrow().remedy()).contains("chess.enabled=false");

        LayerWeights w = d.layers().getFirst();
        Tensor wholeNumbers = new Tensor("blk.0.ffn_down.weight", TensorType.I32, 64, 160,
                MemorySegment.ofArray(new byte[64 * 160 * 4]));
        Tensor odd = new Tensor("blk.0.ffn_down.weight", TensorType.F32, 64, 128,
                MemorySegment.ofArray(new byte[64 * 128 * 4]));
        for (Tensor down : List.of(wholeNumbers, odd)) {
            LayerWeights changed = new LayerWeights(
                    w.query(), w.key(), w.value(), w.attentionOutput(), w.gate(), w.up(), down);
            ModelDescription strange = new ModelDescription(d.name(), d.architecture(), d.fingerprint(), d.shape(),
                    d.activation(), List.of(changed, d.layers().get(1)), d.output());
            // Calibrating would run the block, even for a method that leaves it alone.
            Plan none = provider.plan(strange, settings(""));
            assertThat(none.taken()).isEmpty();
            assertThat(none.firstRefusal().orElseThrow().reason())
                    .contains("blk.0.ffn_down.weight")
                    .contains(down == odd ? "[64][128]" : "I32");
        }
    }

    @Test
    void aFirstUseReadsWhatTakesHalfAMinuteWithinBounds() throws IOException {
        assertThat(FirstUse.of(1e-3).tokens(256)).isEqualTo(16384);
        assertThat(FirstUse.of(1)).satisfies(use -> {
            assertThat(use.windows()).isBetween(15, 25);
            assertThat(use.seconds()).isBetween(25.0, 30.0);
        });
        assertThat(FirstUse.of(60).tokens(256)).isEqualTo(2048);
        Files.delete(cachedProfile());
        prepare("").close();
        long positions = ProfileFile.read(cachedProfile()).provenance().positions();
        assertThat(positions).isBetween(2048L, 16384L);
        assertThat(host.notices)
                .singleElement()
                .asString()
                .contains("calibrating once on " + positions + " tokens of a built-in text, about ", " s.");
    }

    @Test
    void belowTheCrossoverTheSummarySaysThatNothingIsSkipped() {
        try (PreparedOperators operators = prepare("chess.crossover=0.6")) {
            assertThat(operators.summary()).contains("6 of 6 operators run dense on what is kept");
        }
        try (PreparedOperators operators = prepare("chess.crossover=0.6,chess.sparsity=0.7,chess.attention.sparsity=0.5")) {
            assertThat(operators.summary()).contains("4 of 6 operators run dense on what is kept");
        }
        try (PreparedOperators operators = prepare("")) {
            assertThat(operators.summary()).doesNotContain("run dense on what is kept");
        }
    }

    @Test
    void aFirstUseThatWasInterruptedGoesOnWithAsMuchTextAsItBegan() throws IOException {
        Path checkpoint = Calibrator.checkpointOf(cachedProfile());
        Files.delete(cachedProfile());
        int[] text = host.text().tokenize("Once upon a time there lived a king. ".repeat(300));
        AtomicInteger runs = new AtomicInteger();
        TestHost counting = new TestHost(MODEL, threads, folder).beforeWindow(runs::incrementAndGet);
        assertThat(FirstUse.measured(counting.text(), text, 256, checkpoint).windows()).isBetween(8, 64);
        assertThat(runs.get()).isBetween(1, 4);
        provider.calibrate(MODEL.description(), host, new CalibrationRequest(
                text, 256, 5 * 256, 0, 0, 1, checkpoint, false));
        assertThat(FirstUse.measured(host.text(), text, 256, checkpoint).windows()).isEqualTo(5);
    }

    /** An evaluation keeps its results under it. */
    @Test
    void theSummaryTellsProfilesApartThatHaveTheSameNameAndSize() throws IOException {
        Path file = folder.resolve("profile.gguf");
        List<String> summaries = new ArrayList<>();
        for (int first : new int[] {1, 2, 1}) {
            int[] ids = IntStream.range(0, 256).map(i -> (first + 7 * i) % 40).toArray();
            provider.calibrate(
                    MODEL.description(), host, new CalibrationRequest(ids, 64, 0, 0, 0, 1, file, false));
            summaries.add(summary(file));
        }
        assertThat(summaries.get(1)).isNotEqualTo(summaries.get(0)).hasSameSizeAs(summaries.get(0));
        assertThat(summaries.get(2)).isEqualTo(summaries.get(0));
        for (float share : new float[] {0.25f, 0.5f}) {
            float[] shares = new float[LAYERS * Site.values().length];
            Arrays.fill(shares, share);
            ProfileFile.write(
                    ProfileFile.read(file).with(new Budget("kl=1", "a test", shares, 0.5, 1, 0.5, 0.5)), file);
            summaries.add(summary(file));
        }
        assertThat(summaries.subList(2, 5)).doesNotHaveDuplicates();
    }

    private String summary(Path profile) {
        try (PreparedOperators operators = prepare("chess.crossover=0,chess.profile=" + profile)) {
            return operators.summary();
        }
    }

    @Test
    void whatTheFirstUseLearntServesTheNext() {
        try (PreparedOperators operators = prepare("")) {
            assertThat(operators.summary()).contains("chess+").contains("0.5").contains("of first use");
        }
        TestHost second = new TestHost(MODEL, threads, cache).beforeWindow(() -> {
            throw new AssertionError("calibrated again");
        });
        provider.prepare(MODEL.description(), settings(""), plan(""), second).close();
        assertThat(second.notices).isEmpty();
    }

    @Test
    void aDamagedOrForeignCacheIsMadeAgain() throws IOException {
        byte[] damaged = profile.clone();
        damaged[profile.length - 500] ^= 1;
        Files.write(cachedProfile(), damaged);
        host.withMaxWindow(32);
        prepare("").close();
        assertThat(host.notices).anyMatch(notice -> notice.contains("Calibrating again") && notice.contains("damaged"));
        assertThat(ProfileFile.read(cachedProfile()).provenance().fingerprint())
                .isEqualTo(MODEL.description().fingerprint());
    }

    @Test
    void withoutACacheItGoesOnInMemory() throws IOException {
        Path notAFolder = folder.resolve("file");
        Files.writeString(notAFolder, "in the way");
        TestHost without = new TestHost(MODEL, threads, notAFolder.resolve("cache")).withMaxWindow(32);
        float[] got = generate(provider.prepare(MODEL.description(), settings(""), plan(""), without));
        assertThat(finite(got)).isTrue();
        assertThat(got).isNotEqualTo(dense());
        assertThat(without.notices).anyMatch(notice -> notice.contains("not writable"));
    }

    @Test
    void aProfileThatIsNamedMustBeOfThisModel() {
        SmallLlama other = SmallLlama.random(TensorType.Q8_0, LAYERS, 64, 160, 4, 2, 42);
        Path foreign = folder.resolve("foreign.gguf");
        provider.calibrate(other.description(), new TestHost(other, threads, cache), new CalibrationRequest(
                new Random(1).ints(100, 3, 250).toArray(), 50, 0, 0, 0, 1, foreign, false));
        assertThatThrownBy(() -> prepare("chess.profile=" + foreign))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("another model");
        assertThatThrownBy(() -> prepare("chess.profile=" + folder.resolve("nowhere.gguf")))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("nowhere.gguf");
        provider.prepare(
                        other.description(),
                        settings("chess.profile=" + foreign),
                        provider.plan(other.description(), settings("")),
                        new TestHost(other, threads, cache))
                .close();
    }

    @Test
    void sparsityZeroIsDenseToTheBitAndNeedsNoProfile() {
        TestHost untouched = new TestHost(MODEL, threads, cache).beforeWindow(() -> {
            throw new AssertionError("calibrated for nothing");
        });
        try (PreparedOperators operators =
                provider.prepare(MODEL.description(), settings("chess.sparsity=0"), plan(""), untouched)) {
            OperatorKey ffn = new OperatorKey(OperatorKind.FEED_FORWARD, 1);
            assertThat(operators.approximation(ffn)).isInstanceOf(Approximation.Exact.class);
            assertThat(generate(operators)).isEqualTo(dense());
            SessionOperators session = operators.newSession(new SessionContext(2, threads));
            OperatorKey query = new OperatorKey(OperatorKind.ATTENTION_QUERY, 1);
            float[] y = new float[2 * 64];
            session.feedForward(1).orElseThrow().apply(new Pass(Phase.DECODE, 3, 2), new float[2 * 64], y);
            session.projection(query).orElseThrow().apply(new Pass(Phase.DECODE, 3, 2), new float[2 * 64], y);
            for (OperatorKey key : List.of(ffn, query)) {
                Usage usage = session.usage(key);
                assertThat(usage.rows()).isEqualTo(2);
                assertThat(usage.kept()).isEqualTo(usage.channels()).isPositive();
                assertThat(usage.bytesRead()).isEqualTo(usage.bytesDense()).isPositive();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"cats", "chess", "chess+", "chess++"})
    void operatorsDoWhatTheirApproximationSays(String method) {
        try (PreparedOperators operators = prepare("chess.method=" + method + ",chess.sparsity=0.6")) {
            SessionContext context = new SessionContext(4, threads);
            for (OperatorKey key : plan("chess.method=" + method).taken()) {
                boolean block = key.kind() == OperatorKind.FEED_FORWARD;
                int columns = 64;
                float[] x = new RandomWeights(9).gaussian(columns);
                float[] y = new float[64];
                SessionOperators session = operators.newSession(context);
                Pass pass = new Pass(Phase.DECODE, 3, 1);
                if (block) {
                    session.feedForward(key.layer()).orElseThrow().apply(pass, x, y);
                } else {
                    session.projection(key).orElseThrow().apply(pass, x, y);
                }
                float[] expected = approximate(operators.approximation(key), key, x);
                for (int i = 0; i < y.length; i++) {
                    assertThat(y[i]).isCloseTo(expected[i], org.assertj.core.data.Offset.offset(1e-4f));
                }
                assertThat(session.usage(key).sparsity()).isBetween(0.2, 0.95);
            }
        }
    }

    @Test
    void catsIsChessWithAllWeightsOneToTheBit() throws IOException {
        Profile seen = ProfileFile.read(cachedProfile());
        long positions = seen.provenance().positions();
        for (Profile.Layer layer : seen.layers()) {
            // Mean |up| is their sum over positions: whole parts first, then fractions.
            long[] words = layer.feedForward().seen().upMagnitudes().words();
            java.util.Arrays.fill(words, 0, words.length / 2, positions);
            java.util.Arrays.fill(words, words.length / 2, words.length, 0);
        }
        Path ones = folder.resolve("ones.gguf");
        ProfileFile.write(seen, ones);
        float[] cats = logits("chess.method=cats,chess.sparsity=0.6,chess.prefill=masked,chess.profile=" + ones);
        String chess = "chess.method=chess,chess.attention=false,chess.sparsity=0.6,chess.prefill=masked";
        assertThat(logits(chess + ",chess.profile=" + ones)).isEqualTo(cats);
        assertThat(logits(chess)).isNotEqualTo(cats);
        assertThat(cats).isNotEqualTo(logits("chess.sparsity=0"));
    }

    /** Of a whole model, at every position of a text. */
    private float[] logits(String settings) {
        int[] ids = new Random(5).ints(24, 3, 250).toArray();
        int vocab = MODEL.description().shape().vocab();
        float[] all = new float[ids.length * vocab];
        try (PreparedOperators operators = prepare(settings);
                SessionOperators session = operators.newSession(host.text().context())) {
            host.text().run(ids, session, (position, logits) ->
                    System.arraycopy(logits, 0, all, position * vocab, vocab));
        }
        return all;
    }

    @Test
    void sessionsAtTheSameTimeDoNotSeeEachOther() {
        try (PreparedOperators operators = prepare("")) {
            float[] alone = generate(operators);
            List<CompletableFuture<float[]>> together = Stream.generate(() -> CompletableFuture.supplyAsync(() -> {
                        try (Threads own = new Threads(2)) {
                            return generate(operators, own);
                        }
                    }))
                    .limit(4)
                    .toList();
            for (CompletableFuture<float[]> other : together) {
                assertThat(other.join()).isEqualTo(alone);
            }
        }
    }

    @Test
    void closedOperatorsOpenNoSession() {
        PreparedOperators operators = prepare("");
        operators.close();
        operators.close();
        assertThatThrownBy(() -> operators.newSession(new SessionContext(1, threads)))
                .isInstanceOf(IllegalStateException.class);
    }

    private float[] approximate(Approximation approximation, OperatorKey key, float[] x) {
        LayerWeights weights = MODEL.description().layers().get(key.layer());
        if (approximation instanceof Approximation.OfInput rule) {
            double[] input = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                input[i] = x[i];
            }
            rule.change(Phase.DECODE, input);
            return multiply(MODEL.description().projectionWeights(key).orElseThrow(), input);
        }
        double[] input = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            input[i] = x[i];
        }
        float[] gate = multiply(weights.gate(), input);
        float[] up = multiply(weights.up(), input);
        double[] activated = new double[gate.length];
        double[] hidden = new double[gate.length];
        for (int i = 0; i < gate.length; i++) {
            activated[i] = Silu.of(gate[i]);
            hidden[i] = activated[i] * up[i];
        }
        ((Approximation.OfHidden) approximation).change(Phase.DECODE, activated, hidden);
        return multiply(weights.down(), hidden);
    }

    private static float[] multiply(Tensor weights, double[] x) {
        double[] exact = Oracle.multiply(weights, x, 1);
        float[] y = new float[exact.length];
        for (int r = 0; r < y.length; r++) {
            y[r] = (float) exact[r];
        }
        return y;
    }

    /** What all operators make of a few positions. */
    private float[] generate(PreparedOperators operators) {
        return generate(operators, threads);
    }

    private float[] generate(PreparedOperators operators, Threads group) {
        SessionContext context = new SessionContext(3, group);
        return outputs(operators.newSession(context));
    }

    private float[] outputs(SessionOperators session) {
        float[] results = new float[LAYERS * 3 * 64 * 3];
        int at = 0;
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int rows = 1; rows <= 3; rows++) {
                float[] x = new RandomWeights(layer * 10 + rows).gaussian(64 * rows);
                float[] y = new float[64 * rows];
                session.feedForward(layer).orElseThrow().apply(new Pass(Phase.DECODE, 7, rows), x, y);
                System.arraycopy(y, 0, results, at, 64);
                for (OperatorKind kind : List.of(OperatorKind.ATTENTION_QUERY, OperatorKind.ATTENTION_OUTPUT)) {
                    session.projection(new OperatorKey(kind, layer))
                            .orElseThrow()
                            .apply(new Pass(Phase.DECODE, 7, rows), x, y);
                    at += 64;
                    System.arraycopy(y, 0, results, at, 64);
                }
                at += 64;
            }
        }
        return results;
    }

    private static boolean finite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private float[] dense() {
        TestDense dense = new TestDense(MODEL.description());
        SessionContext context = new SessionContext(3, threads);
        return outputs(new SessionOperators() {
            @Override
            public java.util.Optional<dev.sparsellm.spi.FeedForward> feedForward(int layer) {
                return java.util.Optional.of(dense.feedForward(layer, context));
            }

            @Override
            public java.util.Optional<dev.sparsellm.spi.Projection> projection(OperatorKey key) {
                return java.util.Optional.of(dense.projection(
                        MODEL.description().projectionWeights(key).orElseThrow(), context));
            }
        });
    }

    private PreparedOperators prepare(String settings) {
        return provider.prepare(MODEL.description(), settings(settings), plan(settings), host);
    }

    private Plan plan(String settings) {
        return provider.plan(MODEL.description(), settings(settings));
    }

    private Path cachedProfile() {
        return cache.resolve("chess-profile-" + MODEL.description().fingerprint() + "-v" + ProfileFile.VERSION + ".gguf");
    }

    private Settings settings(String list) {
        Map<String, String> values = new java.util.HashMap<>();
        for (String pair : list.isEmpty() ? new String[0] : list.split(",")) {
            int equals = pair.indexOf('=');
            values.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return new Settings(provider.settings(), values);
    }
}
