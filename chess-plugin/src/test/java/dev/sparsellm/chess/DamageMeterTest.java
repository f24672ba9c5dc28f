package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.chess.DamageMeter.Damage;
import dev.sparsellm.spi.AllocationRequest;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What leaving things out costs, against masks and sums of its own, on a small model that is really run. */
class DamageMeterTest {

    private static final int WINDOW = 16;
    private static final SmallLlama MODEL = SmallLlama.random(TensorType.F32, 2, 32, 48, 2, 1, 19);
    private static final int VOCAB = 300;
    private static final int[] TEXT = new Random(4).ints(3 * WINDOW, 3, 259).toArray();

    @TempDir
    Path folder;

    private final Threads threads = new Threads(2);
    private final TestHost host = new TestHost(MODEL, threads, Path.of("unused"));
    private final ModelDescription model = MODEL.description();
    private final ChessSettings settings = ChessSettings.of(Settings.defaults(ChessSettings.declared())).at(0.5);
    private Profile profile;

    @BeforeEach
    void learn() {
        profile = coarse(model, host, TEXT);
    }

    @AfterEach
    void stop() {
        threads.close();
    }

    /** A profile with few bins, of a text that is one window. */
    static Profile coarse(ModelDescription model, TestHost host, int[] text) {
        Profile profile = nothingSeen(model, host, text);
        host.text().run(text, new RecordingOperators(
                model, profile, host.dense(), TestDense.KERNELS, host.text().context()));
        return profile;
    }

    /** The same before that window was read. */
    static Profile nothingSeen(ModelDescription model, TestHost host, int[] text) {
        BitSet done = new BitSet();
        done.set(0);
        Provenance made = new Provenance(
                model.name(), model.fingerprint(), Windows.hash(text), text.length, text.length, 0, 1, done);
        ColumnNorms norms = new ColumnNorms(TestDense.KERNELS, host.workers());
        List<Profile.Layer> layers = model.layers().stream()
                .map(weights -> new Profile.Layer(
                        place(Site.FEED_FORWARD, weights, norms),
                        place(Site.QUERY, weights, norms),
                        place(Site.OUTPUT, weights, norms)))
                .toList();
        return new Profile(made, 1, layers);
    }

    private static Profile.Place place(Site site, LayerWeights weights, ColumnNorms norms) {
        Tensor matrix = site.weights(weights);
        return new Profile.Place(
                new SiteStatistics(site, site.grid(1), matrix.columns()), norms.of(matrix), new ShiftStatistics());
    }

    private DamageMeter meter(Windows windows) {
        MaskedOperators operators =
                new MaskedOperators(model, host.dense(), TestDense.KERNELS, host.text().context());
        return new DamageMeter(model, host, windows, operators, new Selections(settings, profile, host));
    }

    private static Windows windows(int count) {
        return new Windows(
                new CalibrationRequest(
                        Arrays.copyOf(TEXT, count * WINDOW), WINDOW, 0, 0, 0, 1, Path.of("unused"), false),
                OptionalInt.empty(),
                WINDOW);
    }

    /** Masks as {@link Selection} says it, one row and channel after another. */
    private final class Naive implements SessionOperators {

        private final double[] shares;
        private final DenseOperators dense = host.dense();
        private final SessionContext context = host.text().context();
        private final long[] kept = new long[6];
        private final long[] seen = new long[6];

        Naive(double[] shares) {
            this.shares = shares;
        }

        private float[] masked(int layer, Site site, float[] tested, float[] values, int rows) {
            int number = 3 * layer + site.ordinal();
            int channels = site.weights(model.layers().get(layer)).columns();
            float[] masked = values.clone();
            Selection selection = shares[number] == 0
                    ? null
                    : settings.select(site, profile.layers().get(layer).at(site), TEXT.length, shares[number]);
            for (int i = 0; i < rows * channels; i++) {
                int c = i % channels;
                seen[number]++;
                if (selection != null && tested[i] >= selection.lower()[c] && tested[i] <= selection.upper()[c]) {
                    masked[i] = selection.substitutes()[c];
                } else {
                    kept[number]++;
                }
            }
            return masked;
        }

        @Override
        public Optional<FeedForward> feedForward(int layer) {
            LayerWeights weights = model.layers().get(layer);
            return Optional.of((pass, x, y) -> {
                float[] gate = new float[pass.batch() * weights.gate().rows()];
                float[] hidden = gate.clone();
                dense.projection(weights.gate(), context).apply(pass, x, gate);
                dense.projection(weights.up(), context).apply(pass, x, hidden);
                TestDense.KERNELS.silu(gate, 0, gate.length);
                TestDense.KERNELS.multiply(hidden, gate, 0, gate.length);
                dense.projection(weights.down(), context)
                        .apply(pass, masked(layer, Site.FEED_FORWARD, gate, hidden, pass.batch()), y);
            });
        }

        @Override
        public Optional<Projection> projection(OperatorKey key) {
            Site site = Site.of(key.kind()).orElseThrow();
            return Optional.of((pass, x, y) -> dense.projection(site.weights(model.layers().get(key.layer())), context)
                    .apply(pass, masked(key.layer(), site, x, x, pass.batch()), y));
        }
    }

    private double[][] logits(int[] ids, SessionOperators operators) {
        double[][] all = new double[ids.length][VOCAB];
        host.text().run(ids, operators, (position, logits) -> Arrays.setAll(all[position], i -> logits[i]));
        return all;
    }

    private static double[] logSoftmax(double[] logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(logit -> logit - Math.log(sum)).toArray();
    }

    @Test
    void damageIsMeasuredBehindTheFirstEighthOfEachWindow() {
        double[][] allocations = {{0.5, 0.3, 0, 0, 0.4, 0.6}, {0, 0, 0, 0, 0, 0}, {0, 0.3, 0, 0.7, 0, 0.6}};
        Windows windows = windows(3);
        List<Damage> damages = meter(windows).measure(List.of(allocations), "A test");
        for (int a = 0; a < allocations.length; a++) {
            Naive naive = new Naive(allocations[a]);
            double[] kl = new double[2];
            int[] positions = new int[2];
            double loss = 0;
            double denseLoss = 0;
            for (int w = 0; w < 3; w++) {
                int[] ids = windows.ids(w);
                double[][] dense = logits(ids, new SessionOperators() {});
                double[][] sparse = logits(ids, naive);
                for (int position = 2; position < WINDOW - 1; position++) {
                    double[] p = logSoftmax(dense[position]);
                    double[] q = logSoftmax(sparse[position]);
                    for (int i = 0; i < VOCAB; i++) {
                        kl[w % 2] += Math.exp(p[i]) * (p[i] - q[i]);
                    }
                    positions[w % 2]++;
                    denseLoss -= p[ids[position + 1]] / 39;
                    loss -= q[ids[position + 1]] / 39;
                }
            }
            assertThat(positions).containsExactly(26, 13);
            Damage damage = damages.get(a);
            assertThat(damage.kl()).isCloseTo((kl[0] + kl[1]) / 39, within(1e-9));
            assertThat(damage.even()).isCloseTo(kl[0] / 26, within(1e-9));
            assertThat(damage.odd()).isCloseTo(kl[1] / 13, within(1e-9));
            assertThat(damage.denseLoss()).isCloseTo(denseLoss, within(1e-9));
            assertThat(damage.loss()).isCloseTo(loss, within(1e-9));
            assertThat(damage.cost()).isEqualTo(damage.kl());
            double[] shares = new double[6];
            Arrays.setAll(shares, i -> (double) naive.kept[i] / naive.seen[i]);
            assertThat(damage.kept()).containsExactly(shares);
            assertThat(damage.kl()).as("as told by any of the above").isBetween(a == 1 ? -1e-12 : 1e-4, a == 1 ? 1e-12 : 1);
        }
        List<String> said = new ArrayList<>(List.of("A test of 9"));
        for (int done = 1; done <= 9; done++) {
            said.add(Integer.toString(done));
        }
        assertThat(host.progress).isEqualTo(said);
    }

    @Test
    void aShareOfNothingNeedsNoSelectionAndOthersAreSolvedForOnce() {
        Selections selections = new Selections(settings, profile, host);
        double[] shares = {0, 0.5, 0, 0, 0.5, 0.25};
        Selection[] some = selections.of(shares);
        assertThat(some[0]).isNull();
        assertThat(some[3]).isNull();
        assertThat(some[1].upper()).hasSize(32);
        assertThat(some[5].share()).isCloseTo(0.25, within(1e-6));
        assertThat(selections.of(shares)).containsExactly(some);
    }

    @Test
    void valuesAreCountedOfTheRowsThatRunAndAnewForEverySelection() {
        MaskedOperators operators =
                new MaskedOperators(model, host.dense(), TestDense.KERNELS, host.text().context());
        for (int rows : new int[] {16, 8}) {
            operators.use(new Selection[6]);
            host.text().run(Arrays.copyOf(TEXT, rows), operators);
            for (int place = 0; place < 6; place++) {
                assertThat(operators.seen(place)).isEqualTo(rows * (place % 3 == 0 ? 48 : 32));
                assertThat(operators.kept(place)).isEqualTo(operators.seen(place));
            }
        }
    }

    @Test
    void oneWindowHasNoOtherHalf() {
        Damage damage = meter(windows(1)).measure(List.<double[]>of(new double[] {0.5, 0.5, 0.5, 0.5, 0.5, 0.5}), "").getFirst();
        assertThat(damage.odd()).isNaN();
        assertThat(damage.even()).isEqualTo(damage.kl());
    }

    @Test
    void aSearchMayBeInterrupted() {
        DamageMeter meter = meter(windows(1));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> meter.measure(List.<double[]>of(new double[6]), ""))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("interrupted; nothing was written");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void lessDamageIsBetterOnBothHalvesOrWhereThereIsOnlyOne() {
        Damage damage = new Damage(0.2, 3.5, 3, 0.2, 0.2, new double[0]);
        assertThat(damage.perplexityRatio()).isCloseTo(Math.exp(0.5), within(1e-12));
        assertThat(of(0.1, 0.1, 0.1).isBetterThan(damage)).isTrue();
        assertThat(of(0.19, 0.2, 0.2).isBetterThan(damage)).isTrue();
        assertThat(of(0.1, 0.1, Double.NaN).isBetterThan(of(0.2, 0.2, Double.NaN))).isTrue();
        assertThat(of(0.2, 0.1, 0.1).isBetterThan(damage)).isFalse();
        assertThat(of(0.1, 0.21, 0.1).isBetterThan(damage)).isFalse();
        assertThat(of(0.1, 0.1, 0.21).isBetterThan(damage)).isFalse();
    }

    private static Damage of(double kl, double even, double odd) {
        return new Damage(kl, 0, 0, even, odd, new double[0]);
    }

    /** From the request to the file: that the search finds the best is another test's concern. */
    @Test
    void aBudgetIsFoundAndWrittenIntoTheProfile() throws IOException {
        Path file = folder.resolve("profile.gguf");
        Path output = folder.resolve("budget.gguf");
        ProfileFile.write(profile, file);
        ChessProvider provider = new ChessProvider();
        Settings chosen = new Settings(provider.settings(), Map.of(ChessSettings.ATTENTION, "false"));
        provider.allocate(
                model, host, chosen, new AllocationRequest(file, TEXT, WINDOW, 0, 0, "skip=30%", output));
        Budget budget = ProfileFile.read(output).budget().orElseThrow();
        assertThat(budget.skipped()).isCloseTo(0.3, within(0.003));
        assertThat(budget.kl()).isLessThanOrEqualTo(budget.uniformKl());
        assertThat(budget.target()).isEqualTo("skip=30%");
        assertThat(budget.found()).isEqualTo("chess+ without attention");
        assertThat(host.notices).containsExactly("budget: " + budget.inWords());
        assertThat(ProfileFile.read(file).budget()).isEmpty();

        SmallLlama other = SmallLlama.random(TensorType.F32, 2, 32, 48, 2, 1, 20);
        assertThatThrownBy(() -> provider.allocate(other.description(), new TestHost(other, threads, folder), chosen,
                        new AllocationRequest(file, TEXT, WINDOW, 0, 0, "skip=30%", output)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("belongs to another model");
    }
}
