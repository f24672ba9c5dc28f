package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.chess.ShiftStatistics.Kind;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.TextRunner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a calibration writes down, and what it gives back meanwhile, against the same done value by value. */
class RecordersTest {

    private static final int WINDOW = 11;
    private static final SmallLlama MODEL = SmallLlama.random(TensorType.F32, 2, 96, 160, 2, 1, 23);

    private final ModelDescription model = MODEL.description();
    private final Threads threads = new Threads(2);
    private final TestHost host = new TestHost(MODEL, threads, Path.of("unused"));
    private final Profile profile = DamageMeterTest.nothingSeen(model, host, ids(1));

    @AfterEach
    void stop() {
        threads.close();
    }

    /** One call of an operator: all rows of a window. */
    private record Call(int run, int layer, Site site, float[] x, float[] y) {}

    /** Runs text with operators, and keeps what went into them and came out. */
    private final class Listening implements TextRunner {

        private final List<Call> calls = new ArrayList<>();
        private int runs;

        @Override
        public int[] tokenize(String text) {
            return host.text().tokenize(text);
        }

        @Override
        public OptionalInt beginOfText() {
            return host.text().beginOfText();
        }

        @Override
        public int maxWindow() {
            return host.text().maxWindow();
        }

        @Override
        public SessionContext context() {
            return host.text().context();
        }

        @Override
        public void run(int[] ids, SessionOperators operators, LogitsConsumer logits) {
            int run = runs++;
            host.text().run(ids, new SessionOperators() {
                @Override
                public Optional<FeedForward> feedForward(int layer) {
                    FeedForward block = operators.feedForward(layer).orElseThrow();
                    return Optional.of((pass, x, y) -> {
                        block.apply(pass, x, y);
                        calls.add(new Call(run, layer, Site.FEED_FORWARD, x.clone(), y.clone()));
                    });
                }

                @Override
                public Optional<Projection> projection(OperatorKey key) {
                    Projection projection = operators.projection(key).orElseThrow();
                    return Optional.of((pass, x, y) -> {
                        projection.apply(pass, x, y);
                        calls.add(new Call(run, key.layer(), Site.of(key.kind()).orElseThrow(), x.clone(), y.clone()));
                    });
                }
            }, logits);
        }
    }

    /** What is tested, and what a matrix then reads: for a block, activations and hidden channels. */
    private record Values(float[] gate, float[] tested, float[] up, float[] values) {}

    private Values values(Call call) {
        if (call.site != Site.FEED_FORWARD) {
            return new Values(null, call.x, null, call.x);
        }
        LayerWeights weights = model.layers().get(call.layer);
        float[] gate = multiply(weights.gate(), call.x);
        float[] up = multiply(weights.up(), call.x);
        float[] activated = gate.clone();
        TestDense.KERNELS.silu(activated, 0, activated.length);
        float[] hidden = up.clone();
        TestDense.KERNELS.multiply(hidden, activated, 0, hidden.length);
        return new Values(gate, activated, up, hidden);
    }

    private float[] multiply(Tensor matrix, float[] x) {
        float[] y = new float[WINDOW * matrix.rows()];
        host.dense().projection(matrix, host.text().context())
                .apply(new Pass(Phase.PREFILL, 0, WINDOW), x, y);
        return y;
    }

    private void assertGives(Call call, float[] read) {
        float[] expected = multiply(call.site.weights(model.layers().get(call.layer)), read);
        for (int i = 0; i < expected.length; i++) {
            assertThat(call.y[i]).isCloseTo(expected[i], within(1e-4f));
        }
    }

    @Test
    void recordingOperatorsAreExactAndCountWhatTheyRead() {
        Listening text = new Listening();
        RecordingOperators operators = new RecordingOperators(
                model, profile, host.dense(), TestDense.KERNELS, text.context());
        text.run(ids(1), operators);
        text.run(ids(2), operators);
        assertThat(text.calls).hasSize(2 * 2 * 3);
        Profile expected = DamageMeterTest.nothingSeen(model, host, ids(1));
        for (Call call : text.calls) {
            Values values = values(call);
            assertGives(call, values.values);
            SiteStatistics seen = expected.layers().get(call.layer).at(call.site).seen();
            if (call.site == Site.FEED_FORWARD) {
                seen.recordHidden(values.gate, values.tested, values.up, WINDOW, 0, seen.channels());
            } else {
                seen.recordInputs(values.tested, WINDOW, 0, seen.channels());
            }
        }
        for (int layer = 0; layer < 2; layer++) {
            for (Site site : Site.values()) {
                SiteStatistics seen = profile.layers().get(layer).at(site).seen();
                SiteStatistics right = expected.layers().get(layer).at(site).seen();
                assertThat(seen.counts()).isEqualTo(right.counts());
                assertThat(seen.sums()).isEqualTo(right.sums());
                assertThat(seen.squares()).isEqualTo(right.squares());
                assertThat(seen.upMagnitudes().words()).isEqualTo(right.upMagnitudes().words());
                assertThat(seen.upSquares().words()).isEqualTo(right.upSquares().words());
            }
        }
    }

    @Test
    void shiftsAreRecordedOfRunsThatLeaveOutARankOfEachRow() {
        Listening text = new Listening();
        ShiftRecorder recorder = new ShiftRecorder(
                model, profile, host.dense(), TestDense.KERNELS, text.context());
        recorder.record(ids(1), text);
        recorder.record(ids(2), text);
        assertThat(text.runs).isEqualTo(2 * ShiftRecorder.RUNS);
        ShiftStatistics[] expected = new ShiftStatistics[6];
        Arrays.setAll(expected, i -> new ShiftStatistics());
        float[][] means = new float[3 * 6][]; // [levels][places]
        for (Call call : text.calls) {
            int number = 3 * call.layer + call.site.ordinal();
            int run = call.run % ShiftRecorder.RUNS;
            int level = (run + 1) / 2;
            Kind kind = run == 0 || run % 2 == 0 ? Kind.COMPENSATED : Kind.PLAIN;
            float[] norms = profile.layers().get(call.layer).at(call.site).norms();
            Values values = values(call);
            for (Kind each : Kind.values()) {
                if (run == 0 || each == kind) {
                    count(expected[number], each, level, values.tested, norms);
                }
            }
            if (run == 0) {
                for (int l = 1; l < 3; l++) {
                    means[6 * l + number] = means(l, values, norms);
                }
                assertGives(call, values.values);
            } else {
                float[] thinned = values.values.clone();
                for (int row = 0; row < WINDOW; row++) {
                    for (int c : leftOut(kind, level, row, values.tested, norms)) {
                        thinned[row * norms.length + c] = kind == Kind.PLAIN ? 0 : means[6 * level + number][c];
                    }
                }
                assertGives(call, thinned);
            }
        }
        for (int number = 0; number < 6; number++) {
            assertThat(profile.layers().get(number / 3).at(Site.values()[number % 3]).shift().counts())
                    .as("place %d", number)
                    .isEqualTo(expected[number].counts());
        }
    }

    /** The first half of a window is there for thresholds only. */
    private static void count(ShiftStatistics into, Kind kind, int level, float[] tested, float[] norms) {
        for (int row = 0; row < WINDOW; row++) {
            int[] counts = new int[Magnitudes.BINS];
            for (int c = 0; c < norms.length; c++) {
                counts[Magnitudes.bin(score(kind, tested[row * norms.length + c], norms[c]))]++;
            }
            into.record(kind, level, counts, 0, row >= 5);
        }
    }

    private static float score(Kind kind, float value, float norm) {
        return kind == Kind.PLAIN ? value : value * norm;
    }

    private static List<Integer> leftOut(Kind kind, int level, int row, float[] tested, float[] norms) {
        int[] counts = new int[Magnitudes.BINS];
        for (int c = 0; c < norms.length; c++) {
            counts[Magnitudes.bin(score(kind, tested[row * norms.length + c], norms[c]))]++;
        }
        int cut = Magnitudes.cut(counts, 0, norms.length, level == 1 ? 0.5 : 0.7);
        List<Integer> leftOut = new ArrayList<>();
        for (int c = 0; c < norms.length; c++) {
            if (Magnitudes.bin(score(kind, tested[row * norms.length + c], norms[c])) < cut) {
                leftOut.add(c);
            }
        }
        return leftOut;
    }

    private static float[] means(int level, Values values, float[] norms) {
        double[] sums = new double[norms.length];
        int[] times = new int[norms.length];
        for (int row = 0; row < WINDOW; row++) {
            for (int c : leftOut(Kind.COMPENSATED, level, row, values.tested, norms)) {
                sums[c] += values.values[row * norms.length + c];
                times[c]++;
            }
        }
        float[] means = new float[norms.length];
        for (int c = 0; c < means.length; c++) {
            means[c] = times[c] == 0 ? 0 : (float) (sums[c] / times[c]);
        }
        return means;
    }

    private static int[] ids(long seed) {
        return new Random(seed).ints(WINDOW, 3, 259).toArray();
    }
}
