package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.Usage;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Operators made ready from a profile with few bins, which takes no time. */
class PreparationTest {

    private static final SmallLlama MODEL = SmallLlama.random(TensorType.Q8_0, 2, 64, 96, 2, 2, 37);
    private static final int[] TEXT = new Random(4).ints(48, 3, 259).toArray();

    @TempDir
    Path folder;

    private final ModelDescription model = MODEL.description();
    private final Threads threads = new Threads(2);
    private TestHost host;
    private Path file;
    private Profile profile;

    @BeforeEach
    void learn() throws IOException {
        host = new TestHost(MODEL, threads, folder);
        file = folder.resolve("profile.gguf");
        profile = DamageMeterTest.coarse(model, host, TEXT);
        ProfileFile.write(profile, file);
    }

    @AfterEach
    void stop() {
        threads.close();
    }

    private void budget(float... shares) throws IOException {
        profile = profile.with(new Budget("kl=1", "a test", shares, 0.5, 1.25, 0.5, 0.75));
        ProfileFile.write(profile, file);
    }

    private PreparedOperators prepare(String list) {
        Map<String, String> values = new HashMap<>(Map.of(ChessSettings.PROFILE, file.toString()));
        for (String pair : list.split(",")) {
            values.put("chess." + pair.split("=")[0], pair.split("=")[1]);
        }
        ChessSettings settings = ChessSettings.of(new Settings(ChessSettings.declared(), values));
        SortedSet<OperatorKey> keys = new TreeSet<>(new Suitability(model, settings).decisions().keySet());
        return new Preparation(model, settings, host, TestDense.KERNELS, new WeightsInUse()).prepare(keys);
    }

    @Test
    void aSummaryNamesTheProfileItsBudgetAndWhatRunsDense() throws IOException {
        String start = "chess+, sparsity 0.5, attention 0.3, prompt dense, profile " + file + " (48 tokens, " + profile.mark() + ")";
        try (PreparedOperators operators = prepare("attention.sparsity=0.3,crossover=0")) {
            assertThat(operators.summary()).isEqualTo(start);
        }
        try (PreparedOperators operators = prepare("attention.sparsity=0.3,crossover=0.5")) {
            assertThat(operators.summary()).isEqualTo(
                    start + ", 4 of 6 operators run dense on what is kept, which is faster here at their share");
        }
        budget(0.5f, 0.25f, 0.75f, 0.5f, 0.5f, 0.5f);
        try (PreparedOperators operators = prepare("sparsity=auto,crossover=0")) {
            assertThat(operators.summary()).isEqualTo("chess+, sparsity auto, attention auto, prompt dense, profile " + file
                    + " (48 tokens, " + profile.mark() + ", " + profile.budget().orElseThrow().inWords() + ")");
        }
        try (PreparedOperators operators = prepare("crossover=0")) {
            assertThat(operators.summary()).endsWith("(48 tokens, " + profile.mark() + ")");
        }
    }

    /** Matrices of a test fit into any cache: what is faster cannot be measured, and nothing runs dense. */
    @Test
    void whatIsTooSmallToMeasureSkipsWhatItLeavesOut() {
        try (PreparedOperators operators = prepare("sparsity=0.05")) {
            assertThat(operators.summary()).endsWith(profile.mark() + ")");
        }
        assertThat(host.notices).noneMatch(notice -> notice.startsWith("Measured once"));
    }

    @Test
    void whatWasMeasuredBeforeIsNotMeasuredAgain() {
        Crossovers known = new Crossovers(folder);
        for (OperatorKind kind : new OperatorKind[] {OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_QUERY}) {
            OperatorKey key = new OperatorKey(kind, 0);
            Crossover crossover = Crossover.at(kind.name().startsWith("F") ? 0.6 : 0.2);
            known.keep(TestDense.KERNELS.name(), Crossover.kindOf(key, model.layers().getFirst()), crossover);
        }
        try (PreparedOperators operators = prepare("sparsity=0.5")) {
            assertThat(operators.summary()).contains(", 2 of 6 operators run dense on what is kept");
        }
    }

    @Test
    void whereABudgetLeavesNothingOutOperatorsAreExact() throws IOException {
        budget(0.5f, 0, 0.75f, 0, 0, 0.5f);
        try (PreparedOperators operators = prepare("sparsity=auto,crossover=0")) {
            assertThat(operators.approximation(new OperatorKey(OperatorKind.FEED_FORWARD, 0))).isInstanceOf(Approximation.OfHidden.class);
            assertThat(operators.approximation(new OperatorKey(OperatorKind.ATTENTION_OUTPUT, 1))).isInstanceOf(Approximation.OfInput.class);
            assertThat(operators.approximation(new OperatorKey(OperatorKind.FEED_FORWARD, 1))).isInstanceOf(Approximation.Exact.class);
            assertThat(operators.approximation(new OperatorKey(OperatorKind.ATTENTION_QUERY, 0))).isInstanceOf(Approximation.Exact.class);
        }
        budget(0, 0, 0, 0, 0, 0);
        try (PreparedOperators operators = prepare("sparsity=auto,crossover=0")) {
            assertThat(operators.summary()).isEqualTo("chess+, sparsity auto, attention auto, prompt dense");
        }
    }

    /** Skipping or not, with means or without. */
    @ParameterizedTest
    @ValueSource(strings = {"crossover=0", "crossover=1", "method=chess,crossover=0"})
    void operatorsGiveWhatTheyDeclare(String list) {
        try (PreparedOperators operators = prepare("sparsity=0.4," + list)) {
            SessionOperators session = operators.newSession(new SessionContext(1, threads));
            for (OperatorKey key : new Suitability(model, ChessSettings.of(Settings.defaults(ChessSettings.declared()))).decisions().keySet()) {
                float[] x = new RandomWeights(9).gaussian(64);
                float[] y = new float[64];
                Pass pass = new Pass(Phase.DECODE, 3, 1);
                double[] values = Oracle.doubles(x);
                Tensor last = Site.weights(model, key);
                if (key.kind() == OperatorKind.FEED_FORWARD) {
                    session.feedForward(key.layer()).orElseThrow().apply(pass, x, y);
                    double[] gate = Oracle.multiply(model.layers().get(key.layer()).gate(), values, 1);
                    double[] up = Oracle.multiply(model.layers().get(key.layer()).up(), values, 1);
                    for (int i = 0; i < up.length; i++) {
                        gate[i] = Silu.of(gate[i]);
                        up[i] *= gate[i];
                    }
                    ((Approximation.OfHidden) operators.approximation(key)).change(Phase.DECODE, gate, up);
                    values = up;
                } else {
                    session.projection(key).orElseThrow().apply(pass, x, y);
                    ((Approximation.OfInput) operators.approximation(key)).change(Phase.DECODE, values);
                }
                assertThat(Oracle.doubles(y)).containsExactly(Oracle.multiply(last, values, 1), within(1e-4));
                Usage usage = session.usage(key);
                assertThat(usage.sparsity()).isBetween(0.05, 0.8);
                boolean skips = list.endsWith("=0");
                assertThat(usage.bytesRead() < usage.bytesDense()).isEqualTo(skips);
            }
        }
    }

    /** A host that fails as soon as what is faster shall be measured. */
    @Test
    void weightsAreGivenBackByOperatorsThatCouldNotBeMade() {
        HostServices failing = (HostServices) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {HostServices.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("dense")) {
                        throw new ProviderException("a test");
                    }
                    return method.invoke(host, arguments);
                });
        ChessSettings settings = ChessSettings.of(
                new Settings(ChessSettings.declared(), Map.of(ChessSettings.PROFILE, file.toString())));
        SortedSet<OperatorKey> keys = new TreeSet<>(new Suitability(model, settings).decisions().keySet());
        WeightsInUse inUse = new WeightsInUse();
        assertThatThrownBy(() -> new Preparation(model, settings, failing, TestDense.KERNELS, inUse).prepare(keys))
                .isInstanceOf(ProviderException.class)
                .hasMessage("a test");
        assertThatThrownBy(() -> inUse.take(folder, model.fingerprint(), List.of(), () -> {
                    throw new IllegalStateException("opened anew");
                }))
                .hasMessage("opened anew");
    }
}
