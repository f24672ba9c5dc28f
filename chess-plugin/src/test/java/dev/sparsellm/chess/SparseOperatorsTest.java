package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.Reading;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.kernels.repack.RepackCache;
import dev.sparsellm.kernels.repack.RepackedWeights;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.Usage;
import dev.sparsellm.testing.EveryWidth;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@EveryWidth
class SparseOperatorsTest {

    private static final double TOLERANCE = 1e-10;
    private static final double[] SHARES = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1};
    private static final Kernels KERNELS = TestDense.KERNELS;
    private static final OperatorKey FFN = new OperatorKey(OperatorKind.FEED_FORWARD, 0);
    private static final OperatorKey QUERY = new OperatorKey(OperatorKind.ATTENTION_QUERY, 0);
    private static final OperatorKey OUTPUT = new OperatorKey(OperatorKind.ATTENTION_OUTPUT, 0);
    private static final Map<String, String> DENSE_PROMPT = Map.of(ChessSettings.PREFILL, "dense");

    private Threads threads;

    @BeforeEach
    void start() {
        threads = new Threads(2);
    }

    @AfterEach
    void stop() {
        threads.close();
    }

    static Stream<Arguments> typesAndShapes() {
        Stream<Arguments> ofEachType = Arrays.stream(TensorType.values())
                .filter(ChannelMajor::supports)
                .flatMap(type -> type.blockSize() == 1
                        ? Stream.of(Arguments.of(type, 48, 52), Arguments.of(type, 132, 1000))
                        : Stream.of(Arguments.of(type, 256, 768)));
        Stream<Arguments> projectionsOfSeveralParts =
                Stream.of(Arguments.of(TensorType.F32, 520, 300), Arguments.of(TensorType.Q8_0, 768, 256));
        return Stream.concat(ofEachType, projectionsOfSeveralParts);
    }

    @ParameterizedTest(name = "{0} dim {1} ffn {2}")
    @MethodSource("typesAndShapes")
    void theBlockEqualsTheExactOneOnMaskedActivations(TensorType type, int dim, int ffn) {
        SmallLlama model = SmallLlama.random(type, 1, dim, ffn, 4, 2, 7);
        LayerWeights weights = model.description().layers().getFirst();
        RandomWeights random = new RandomWeights(3);
        float[] rows = random.gaussian(8 * dim);
        double[] exactGates = Oracle.multiply(weights.gate(), Oracle.doubles(rows), 8);
        double[] exactUps = Oracle.multiply(weights.up(), Oracle.doubles(rows), 8);
        try (RepackedWeights repacked = repack(model, Set.of(FFN), threads)) {
            for (double share : SHARES) {
                for (int batch = 1; batch <= 8; batch++) {
                    float[] x = Arrays.copyOf(rows, batch * dim);
                    float[] gates = gates(weights.gate(), x, batch);
                    Selection selection = selection(gates, ffn, share, random);
                    float[] y = new float[batch * dim];
                    try (Opened opened = open(
                            model, Map.of(FFN, selection), batch, DENSE_PROMPT, true, threads, repacked, () -> {})) {
                        opened.session.feedForward(0).orElseThrow().apply(new Pass(Phase.DECODE, 5, batch), x, y);
                        Usage usage = opened.session.usage(FFN);
                        assertThat(usage.sparsity()).isCloseTo(dropped(gates, selection), within(1e-12));
                        assertThat(usage.bytesRead()).isLessThanOrEqualTo(opened.mostBytes(batch));
                    }
                    double[] exact = blockOracle(weights, exactGates, exactUps, gates, selection, batch);
                    assertThat(nmse(y, exact)).as("share %s batch %s", share, batch).isLessThan(TOLERANCE);
                }
            }
        }
    }

    @ParameterizedTest(name = "{0} dim {1}")
    @MethodSource("typesAndShapes")
    void projectionsEqualTheExactOnesOnMaskedInputs(TensorType type, int dim, int ffn) {
        SmallLlama model = SmallLlama.random(type, 1, dim, ffn, 4, 2, 8);
        RandomWeights random = new RandomWeights(4);
        try (RepackedWeights repacked = repack(model, Set.of(QUERY, OUTPUT), threads)) {
            for (OperatorKey key : List.of(QUERY, OUTPUT)) {
                Tensor weights = model.description().projectionWeights(key).orElseThrow();
                for (double share : SHARES) {
                    for (int batch : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 11}) {
                        float[] x = random.gaussian(batch * weights.columns());
                        Selection selection = selection(x, weights.columns(), share, random);
                        float[] y = new float[batch * weights.rows()];
                        try (Opened opened = open(
                                model, Map.of(key, selection), batch, DENSE_PROMPT, true, threads, repacked, () -> {})) {
                            opened.session.projection(key).orElseThrow().apply(new Pass(Phase.DECODE, 0, batch), x, y);
                            assertThat(opened.session.usage(key).sparsity())
                                    .isCloseTo(dropped(x, selection), within(1e-12));
                        }
                        double[] exact = projectionOracle(weights, x, selection, batch);
                        assertThat(nmse(y, exact))
                                .as("%s share %s batch %s", key, share, batch)
                                .isLessThan(TOLERANCE);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = TensorType.class, names = {"F32", "BF16", "Q8_0", "Q4_K"})
    void threadsChangeNoBit(TensorType type) {
        SmallLlama model = SmallLlama.random(type, 1, 512, 2304, 4, 4, 9);
        RandomWeights random = new RandomWeights(5);
        int batch = 9;
        float[] x = random.gaussian(batch * 512);
        float[] gates = gates(model.description().layers().getFirst().gate(), x, batch);
        Map<OperatorKey, Selection> selections = Map.of(
                FFN, selection(gates, 2304, 0.5, random), OUTPUT, selection(x, 512, 0.4, random));
        float[][] results = new float[3][];
        for (int i = 0; i < 3; i++) {
            try (Threads group = new Threads(1 << i);
                    Opened opened = open(model, selections, batch, "dense", group)) {
                float[] y = new float[2 * batch * 512];
                float[] o = new float[batch * 512];
                opened.session.feedForward(0).orElseThrow().apply(new Pass(Phase.DECODE, 0, batch), x, y);
                opened.session.projection(OUTPUT).orElseThrow().apply(new Pass(Phase.DECODE, 0, batch), x, o);
                System.arraycopy(o, 0, y, batch * 512, o.length);
                results[i] = y;
            }
        }
        assertThat(results[1]).isEqualTo(results[0]);
        assertThat(results[2]).isEqualTo(results[0]);
    }

    @Test
    void rowsOfABatchDoNotDependOnEachOther() {
        SmallLlama model = SmallLlama.random(TensorType.Q8_0, 1, 256, 768, 4, 4, 10);
        RandomWeights random = new RandomWeights(6);
        float[] x = random.gaussian(11 * 256);
        Selection selection = selection(gates(model.description().layers().getFirst().gate(), x, 11), 768, 0.6, random);
        try (Opened opened = open(model, Map.of(FFN, selection), 11, "dense", threads)) {
            float[] all = new float[11 * 256];
            opened.session.feedForward(0).orElseThrow().apply(new Pass(Phase.DECODE, 0, 11), x, all);
            for (int row = 0; row < 11; row++) {
                float[] one = new float[256];
                float[] input = Arrays.copyOfRange(x, row * 256, (row + 1) * 256);
                opened.session.feedForward(0).orElseThrow().apply(new Pass(Phase.DECODE, row, 1), input, one);
                assertThat(nmse(one, Oracle.doubles(Arrays.copyOfRange(all, row * 256, (row + 1) * 256)))).isLessThan(1e-11);
            }
        }
    }

    @Test
    void whatIsNoNumberReachesItsRowAndNoOther() {
        SmallLlama model = SmallLlama.random(TensorType.Q8_0, 1, 256, 768, 4, 4, 11);
        RandomWeights random = new RandomWeights(7);
        for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] x = random.gaussian(3 * 256);
            Selection everything = new Selection(
                    filled(768, -Float.MAX_VALUE), filled(768, Float.MAX_VALUE), new float[768], false, 0, 1);
            Selection inputs = new Selection(
                    filled(256, -Float.MAX_VALUE), filled(256, Float.MAX_VALUE), new float[256], false, 0, 1);
            x[256 + 17] = poison;
            try (Opened opened = open(model, Map.of(FFN, everything, OUTPUT, inputs), 3, "masked", threads)) {
                for (Phase phase : Phase.values()) {
                    float[] y = new float[3 * 256];
                    float[] o = new float[3 * 256];
                    opened.session.feedForward(0).orElseThrow().apply(new Pass(phase, 0, 3), x, y);
                    opened.session.projection(OUTPUT).orElseThrow().apply(new Pass(phase, 0, 3), x, o);
                    for (float[] result : List.of(y, o)) {
                        assertThat(finite(result, 0, 256)).isEqualTo(256);
                        assertThat(finite(result, 512, 768)).isEqualTo(256);
                        assertThat(finite(result, 256, 512)).as("%s %s", poison, phase).isLessThan(256);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = TensorType.class, names = {"F32", "Q4_0"})
    void aDensePromptIsExactToTheBitAndAMaskedOneFollowsTheRule(TensorType type) {
        SmallLlama model = SmallLlama.random(type, 1, 256, 768, 4, 4, 12);
        LayerWeights weights = model.description().layers().getFirst();
        RandomWeights random = new RandomWeights(8);
        float[] x = random.gaussian(5 * 256);
        float[] gates = gates(weights.gate(), x, 5);
        Map<OperatorKey, Selection> selections =
                Map.of(FFN, selection(gates, 768, 0.5, random), OUTPUT, selection(x, 256, 0.5, random));
        Pass prompt = new Pass(Phase.PREFILL, 0, 5);
        SessionContext context = new SessionContext(5, threads);
        float[] exactBlock = new float[5 * 256];
        float[] exactOutput = new float[5 * 256];
        new TestDense(model.description()).feedForward(0, context).apply(prompt, x, exactBlock);
        new TestDense(model.description()).projection(weights.attentionOutput(), context).apply(prompt, x, exactOutput);
        float[] y = new float[5 * 256];
        try (Opened opened = open(model, selections, 5, "dense", threads)) {
            opened.session.feedForward(0).orElseThrow().apply(prompt, x, y);
            assertThat(y).isEqualTo(exactBlock);
            opened.session.projection(OUTPUT).orElseThrow().apply(prompt, x, y);
            assertThat(y).isEqualTo(exactOutput);
            assertThat(opened.session.usage(FFN).sparsity()).isZero();
        }
        try (Opened opened = open(model, selections, 5, "masked", threads)) {
            opened.session.feedForward(0).orElseThrow().apply(prompt, x, y);
            assertThat(nmse(y, blockOracle(weights, x, gates, selections.get(FFN), 5))).isLessThan(TOLERANCE);
            opened.session.projection(OUTPUT).orElseThrow().apply(prompt, x, y);
            assertThat(nmse(y, projectionOracle(weights.attentionOutput(), x, selections.get(OUTPUT), 5)))
                    .isLessThan(TOLERANCE);
        }
    }

    @ParameterizedTest
    @EnumSource(value = TensorType.class, names = {"F16", "Q8_0"})
    void operatorsThatSkipNothingKeepTheSameChannelsAndReadAllWeights(TensorType type) {
        SmallLlama model = SmallLlama.random(type, 1, 256, 768, 4, 4, 13);
        LayerWeights weights = model.description().layers().getFirst();
        RandomWeights random = new RandomWeights(9);
        float[] x = random.gaussian(12 * 256);
        Map<OperatorKey, Selection> selections = Map.of(
                FFN, selection(gates(weights.gate(), x, 12), 768, 0.2, random), OUTPUT, selection(x, 256, 0.2, random));
        Map<String, String> held = Map.of(ChessSettings.HOLD, "true", ChessSettings.DENSE_TOKENS, "3");
        float[][] results = new float[2][24 * 256];
        List<List<Long>> kept = List.of(new ArrayList<>(), new ArrayList<>());
        for (int skips = 0; skips < 2; skips++) {
            try (Opened opened = open(model, selections, 1, held, skips == 1, threads)) {
                for (int row = 0; row < 12; row++) {
                    float[] input = Arrays.copyOfRange(x, row * 256, (row + 1) * 256);
                    float[] y = new float[256];
                    opened.session.feedForward(0).orElseThrow().apply(new Pass(Phase.DECODE, row, 1), input, y);
                    System.arraycopy(y, 0, results[skips], row * 256, 256);
                    opened.session.projection(OUTPUT).orElseThrow().apply(new Pass(Phase.DECODE, row, 1), input, y);
                    System.arraycopy(y, 0, results[skips], (12 + row) * 256, 256);
                    kept.get(skips).add(opened.session.usage(FFN).kept());
                    kept.get(skips).add(opened.session.usage(OUTPUT).kept());
                }
                Usage usage = opened.session.usage(FFN);
                assertThat(usage.bytesRead() < usage.bytesDense()).isEqualTo(skips == 1);
            }
        }
        assertThat(kept.get(0)).isEqualTo(kept.get(1));
        assertThat(nmse(results[0], Oracle.doubles(results[1]))).isLessThan(1e-11);
    }

    /** Six tokens, two that are read, one more: its bounds are wider than those that a text begins with. */
    @ParameterizedTest
    @ValueSource(strings = {"dense", "masked"})
    void heldBoundsGoOnWhereTextIsReadInBetween(String prefill) {
        SmallLlama model = SmallLlama.random(TensorType.F32, 1, 132, 1000, 4, 4, 15);
        RandomWeights random = new RandomWeights(11);
        float[] x = random.gaussian(2 * 132);
        Map<OperatorKey, Selection> selections = Map.of(
                FFN, asking(0.9, selection(gates(model.description().layers().getFirst().gate(), x, 1), 1000, 0.2, random)),
                OUTPUT, asking(0.9, selection(x, 132, 0.2, random)));
        Map<String, String> held = Map.of(ChessSettings.HOLD, "true", ChessSettings.PREFILL, prefill);
        try (Opened opened = open(model, selections, 2, held, true, threads)) {
            for (OperatorKey key : selections.keySet()) {
                long first = kept(opened, key, Phase.DECODE, 0, 1, x);
                for (int position = 1; position < 6; position++) {
                    kept(opened, key, Phase.DECODE, position, 1, x);
                }
                long before = kept(opened, key, Phase.DECODE, 6, 1, x);
                kept(opened, key, Phase.PREFILL, 7, 2, x);
                assertThat(before).isLessThan(first);
                assertThat(kept(opened, key, Phase.DECODE, 9, 1, x)).isLessThanOrEqualTo(before);
                assertThat(kept(opened, key, Phase.DECODE, 0, 1, x)).isEqualTo(first);
                kept(opened, key, Phase.PREFILL, 0, 2, x);
                assertThat(kept(opened, key, Phase.DECODE, 1, 1, x)).isEqualTo(first);
            }
        }
    }

    private static Selection asking(double share, Selection s) {
        return new Selection(s.lower(), s.upper(), s.substitutes(), s.compensated(), s.tau(), share);
    }

    /** Channels kept in a pass. */
    private static long kept(Opened opened, OperatorKey key, Phase phase, int position, int batch, float[] x) {
        Usage before = opened.session.usage(key);
        Pass pass = new Pass(phase, position, batch);
        float[] y = new float[batch * 132];
        if (key.equals(FFN)) {
            opened.session.feedForward(0).orElseThrow().apply(pass, x, y);
        } else {
            opened.session.projection(key).orElseThrow().apply(pass, x, y);
        }
        return opened.session.usage(key).since(before).kept();
    }

    /** The gate once for eight rows; of up, down and output what is kept, and of Q8_0 the scales of down and output. */
    @ParameterizedTest
    @EnumSource(value = TensorType.class, names = {"F32", "Q8_0"})
    void bytesReadAreThoseOfTheGateAndOfWhatIsKept(TensorType type) {
        SmallLlama model = SmallLlama.random(type, 1, 256, 768, 4, 4, 14);
        LayerWeights weights = model.description().layers().getFirst();
        RandomWeights random = new RandomWeights(10);
        float[] x = random.gaussian(11 * 256);
        Map<OperatorKey, Selection> selections = Map.of(
                FFN, selection(gates(weights.gate(), x, 11), 768, 0.5, random), OUTPUT, selection(x, 256, 0.5, random));
        int bytesOfWeight = type == TensorType.F32 ? 4 : 1;
        long scalesOfGroup = type == TensorType.F32 ? 0 : 256 * 2;
        try (Opened opened = open(model, selections, 11, "dense", threads)) {
            float[] y = new float[11 * 256];
            opened.session.feedForward(0).orElseThrow().apply(new Pass(Phase.DECODE, 0, 11), x, y);
            opened.session.projection(OUTPUT).orElseThrow().apply(new Pass(Phase.DECODE, 0, 11), x, y);
            Usage block = opened.session.usage(FFN);
            assertThat(block.bytesRead()).isEqualTo(2 * weights.gate().data().byteSize()
                    + block.kept() * (weights.up().rowBytes() + 256 * bytesOfWeight) + 11 * 768 / 32 * scalesOfGroup);
            Usage output = opened.session.usage(OUTPUT);
            assertThat(output.bytesRead())
                    .isEqualTo(output.kept() * 256 * bytesOfWeight + 11 * 256 / 32 * scalesOfGroup);
        }
    }

    /** Operators of selections, opened for one session. */
    private final class Opened implements AutoCloseable {
        final SparseOperators operators;
        final SessionOperators session;
        final SmallLlama model;

        Opened(SmallLlama model, SparseOperators operators, SessionContext context) {
            this.model = model;
            this.operators = operators;
            this.session = operators.newSession(context);
        }

        long mostBytes(int batch) {
            LayerWeights weights = model.description().layers().getFirst();
            long down = ChannelMajor.byteSize(weights.down());
            return weights.gate().data().byteSize() + batch * (weights.up().data().byteSize() + down);
        }

        @Override
        public void close() {
            session.close();
            operators.close();
        }
    }

    private Opened open(
            SmallLlama model, Map<OperatorKey, Selection> selections, int maxBatch, String prefill, Threads group) {
        return open(model, selections, maxBatch, Map.of(ChessSettings.PREFILL, prefill), true, group);
    }

    private Opened open(
            SmallLlama model,
            Map<OperatorKey, Selection> selections,
            int maxBatch,
            Map<String, String> properties,
            boolean skips,
            Threads group) {
        RepackedWeights repacked = repack(model, selections.keySet(), group);
        return open(model, selections, maxBatch, properties, skips, group, repacked, repacked::close);
    }

    private static RepackedWeights repack(SmallLlama model, Set<OperatorKey> keys, Threads group) {
        List<Tensor> tensors = keys.stream()
                .map(key -> Site.weights(model.description(), key))
                .toList();
        // A path that cannot be a folder: repacked in memory.
        return new RepackCache(Path.of("/dev/null/none"), group, ProgressSink.NONE, notice -> {})
                .open(model.description().fingerprint(), tensors);
    }

    /** @param closed runs when they are closed: closes {@code repacked} where the caller does not */
    private Opened open(
            SmallLlama model,
            Map<OperatorKey, Selection> selections,
            int maxBatch,
            Map<String, String> properties,
            boolean skips,
            Threads group,
            RepackedWeights repacked,
            Runnable closed) {
        ChessSettings settings = ChessSettings.of(new Settings(ChessSettings.declared(), properties));
        TreeMap<OperatorKey, Optional<PreparedSite>> sites = new TreeMap<>();
        selections.forEach((key, selection) -> {
            Tensor weights = Site.weights(model.description(), key);
            float[] bias = new float[weights.rows()];
            KERNELS.rows(weights)
                    .multiply(selection.substitutes(), 1, bias, bias.length, 0, bias.length, new Scratch());
            sites.put(key, Optional.of(new PreparedSite(
                    selection,
                    KERNELS.channels(repacked.of(weights)),
                    bias,
                    Parts.of(weights.columns(), weights.type().blockSize()),
                    selection.share(),
                    skips,
                    Reading.MANY_LINES)));
        });
        return new Opened(
                model,
                new SparseOperators(
                        model.description(),
                        settings,
                        sites,
                        new TestDense(model.description()),
                        KERNELS,
                        "",
                        closed),
                new SessionContext(maxBatch, group));
    }

    /** Bounds that leave out about a share of each channel, lopsided, with substitutes that matter. */
    private static Selection selection(float[] values, int channels, double share, RandomWeights random) {
        float[] magnitudes = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            magnitudes[i] = Math.abs(values[i]);
        }
        Arrays.sort(magnitudes);
        float limit = share == 0
                ? 0
                : share == 1
                        ? Float.MAX_VALUE
                        : between(magnitudes, (int) (share * (magnitudes.length - 2)));
        float[] noise = random.gaussian(2 * channels);
        float[] lower = new float[channels];
        float[] upper = new float[channels];
        float[] substitutes = new float[channels];
        for (int i = 0; i < channels; i++) {
            float stretch = share == 1 ? 1 : 1 + 0.2f * Math.clamp(noise[i], -2, 2);
            upper[i] = limit * stretch;
            lower[i] = -limit;
            substitutes[i] = 0.3f * noise[channels + i];
        }
        return new Selection(lower, upper, substitutes, true, limit, share);
    }

    /** The gates as the operator computes them: which side of a bound one falls on must not hang on rounding here. */
    private static float[] gates(Tensor gate, float[] x, int batch) {
        float[] gates = new float[batch * gate.rows()];
        KERNELS.rows(gate).multiply(x, batch, gates, gate.rows(), 0, gate.rows(), new Scratch());
        KERNELS.silu(gates, 0, gates.length);
        return gates;
    }

    /** Halfway between two neighbours: kernels may round a value at a limit to either side of it. */
    private static float between(float[] sorted, int index) {
        return (sorted[index] + sorted[index + 1]) / 2;
    }

    private static double dropped(float[] values, Selection selection) {
        int dropped = 0;
        for (int i = 0; i < values.length; i++) {
            int channel = i % selection.channels();
            dropped += values[i] >= selection.lower()[channel] && values[i] <= selection.upper()[channel] ? 1 : 0;
        }
        return (double) dropped / values.length;
    }

    private static double[] blockOracle(
            LayerWeights weights, float[] x, float[] gates, Selection selection, int batch) {
        double[] input = Oracle.doubles(x);
        return blockOracle(
                weights,
                Oracle.multiply(weights.gate(), input, batch),
                Oracle.multiply(weights.up(), input, batch),
                gates, selection, batch);
    }

    /** @param gate before the activation, as {@code up} of as many rows as the batch has, or more */
    private static double[] blockOracle(
            LayerWeights weights, double[] gate, double[] up, float[] gates, Selection selection, int batch) {
        double[] hidden = new double[batch * selection.channels()];
        for (int i = 0; i < hidden.length; i++) {
            int channel = i % selection.channels();
            boolean out = gates[i] >= selection.lower()[channel] && gates[i] <= selection.upper()[channel];
            hidden[i] = out ? selection.substitutes()[channel] : gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        return Oracle.multiply(weights.down(), hidden, batch);
    }

    private static double[] projectionOracle(Tensor weights, float[] x, Selection selection, int batch) {
        double[] input = Oracle.doubles(x);
        for (int i = 0; i < input.length; i++) {
            int channel = i % selection.channels();
            if (x[i] >= selection.lower()[channel] && x[i] <= selection.upper()[channel]) {
                input[i] = selection.substitutes()[channel];
            }
        }
        return Oracle.multiply(weights, input, batch);
    }

    private static double nmse(float[] y, double[] exact) {
        double error = 0;
        double power = 0;
        for (int i = 0; i < y.length; i++) {
            error += (y[i] - exact[i]) * (y[i] - exact[i]);
            power += exact[i] * exact[i];
        }
        return power == 0 ? error : error / power;
    }

    private static float[] filled(int n, float value) {
        float[] values = new float[n];
        Arrays.fill(values, value);
        return values;
    }

    private static int finite(float[] values, int from, int to) {
        int finite = 0;
        for (int i = from; i < to; i++) {
            finite += Float.isFinite(values[i]) ? 1 : 0;
        }
        return finite;
    }

    private static org.assertj.core.data.Offset<Double> within(double difference) {
        return org.assertj.core.data.Offset.offset(difference);
    }
}
