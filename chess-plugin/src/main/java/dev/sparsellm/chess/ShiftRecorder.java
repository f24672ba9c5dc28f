package dev.sparsellm.chess;

import dev.sparsellm.chess.ShiftStatistics.Kind;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.TextRunner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs a window several times, exactly and then with growing shares of all places left out, and records how magnitudes
 * shift: see {@link ShiftStatistics}. Means are those over the positions of the window where a channel is left out; the
 * exact run finds them.
 */
final class ShiftRecorder implements SessionOperators {

    /** Of each window: the exact one, and one for each kind at each level above. */
    static final int RUNS = 1 + Kind.values().length * (ShiftStatistics.LEVELS - 1);

    private final SessionContext context;
    private final Kernels kernels;
    private final List<Map<Site, Place>> places = new ArrayList<>(); // [layers]
    private final List<FeedForward> feedForwards = new ArrayList<>(); // [layers]
    private final float[] scores; // [maxBatch][channels]
    private final float[] gate; // [maxBatch][ffn]
    private final float[] up; // [maxBatch][ffn]
    private final float[] thinned; // [maxBatch][channels]
    private final int[] ofPositions; // [kinds][maxBatch][Magnitudes.BINS]
    private final int[] cuts; // [LEVELS][maxBatch], of the kind that runs; of the exact run those that means are for
    private Kind kind = Kind.COMPENSATED;
    private int level;
    private int recordFrom;

    ShiftRecorder(
            ModelDescription model, Profile profile, DenseOperators dense, Kernels kernels, SessionContext context) {
        this.context = context;
        this.kernels = kernels;
        int widest = 0;
        for (int layer = 0; layer < model.layers().size(); layer++) {
            Map<Site, Place> ofLayer = new EnumMap<>(Site.class);
            for (Site site : Site.values()) {
                Place place = new Place(
                        profile.layers().get(layer).at(site),
                        dense.projection(site.weights(model.layers().get(layer)), context));
                ofLayer.put(site, place);
                widest = Math.max(widest, place.channels);
            }
            places.add(ofLayer);
            feedForwards.add(feedForward(model.layers().get(layer), ofLayer.get(Site.FEED_FORWARD), dense));
        }
        int batch = context.maxBatch();
        scores = new float[batch * widest];
        thinned = new float[batch * widest];
        gate = new float[batch * model.shape().ffn()];
        up = new float[batch * model.shape().ffn()];
        ofPositions = new int[Kind.values().length * batch * Magnitudes.BINS];
        cuts = new int[ShiftStatistics.LEVELS * batch];
    }

    /** Runs and records a window. */
    void record(int[] window, TextRunner text) {
        places.forEach(layer -> layer.values().forEach(Place::forget));
        recordFrom = window.length / 2;
        level = 0;
        kind = Kind.COMPENSATED;
        text.run(window, this);
        for (level = 1; level < ShiftStatistics.LEVELS; level++) {
            for (Kind each : Kind.values()) {
                kind = each;
                text.run(window, this);
            }
        }
    }

    /** One place of one layer, and what stands for its channels in this window. */
    private final class Place {

        private final Profile.Place into;
        private final Projection exact;
        private final int channels;
        private final float[] sums; // [LEVELS][channels], of what is left out
        private final int[] times; // [LEVELS][channels]

        Place(Profile.Place into, Projection exact) {
            this.into = into;
            this.exact = exact;
            channels = into.seen().channels();
            sums = new float[ShiftStatistics.LEVELS * channels];
            times = new int[ShiftStatistics.LEVELS * channels];
        }

        void forget() {
            Arrays.fill(sums, 0);
            Arrays.fill(times, 0);
        }

        /** Records a pass, and runs the matrix on what this run leaves of it. */
        void apply(Pass pass, float[] tested, float[] values, float[] y) {
            context.workers().run(pass.batch(), (row, worker) -> look(row, tested));
            for (Kind each : Kind.values()) {
                for (int row = 0; looksAt(each) && row < pass.batch(); row++) {
                    boolean decoded = pass.position() + row >= recordFrom;
                    into.shift().record(each, level, ofPositions, histogram(each, row), decoded);
                }
            }
            if (level == 0) {
                context.workers().run(Parts.of(channels, 1).count(), (part, worker) -> learn(part, pass, values));
                exact.apply(pass, values, y);
            } else {
                context.workers().run(pass.batch(), (row, worker) -> thin(row, values));
                exact.apply(pass, thinned, y);
            }
        }

        /** Histograms of a row, its scores by the present kind, and from where on it is kept. */
        private void look(int row, float[] tested) {
            for (Kind each : Kind.values()) {
                if (looksAt(each)) {
                    int at = histogram(each, row);
                    Arrays.fill(ofPositions, at, at + Magnitudes.BINS, 0);
                    for (int i = 0; i < channels; i++) {
                        ofPositions[at + Magnitudes.bin(score(each, tested, row, i))]++;
                    }
                }
            }
            for (int i = 0; i < channels; i++) {
                scores[row * channels + i] = score(kind, tested, row, i);
            }
            for (int other = 1; other < ShiftStatistics.LEVELS; other++) {
                cuts[other * context.maxBatch() + row] = Magnitudes.cut(
                        ofPositions, histogram(kind, row), channels, ShiftStatistics.shareOf(other));
            }
        }

        private float score(Kind by, float[] tested, int row, int channel) {
            float value = tested[row * channels + channel];
            return by == Kind.PLAIN ? value : value * into.norms()[channel];
        }

        private boolean leavesOut(int other, int row, int channel) {
            return Magnitudes.bin(scores[row * channels + channel]) < cuts[other * context.maxBatch() + row];
        }

        private void learn(int part, Pass pass, float[] values) {
            Parts parts = Parts.of(channels, 1);
            for (int other = 1; other < ShiftStatistics.LEVELS; other++) {
                for (int i = parts.from(part); i < parts.to(part); i++) {
                    for (int row = 0; row < pass.batch(); row++) {
                        if (leavesOut(other, row, i)) {
                            sums[other * channels + i] += values[row * channels + i];
                            times[other * channels + i]++;
                        }
                    }
                }
            }
        }

        private void thin(int row, float[] values) {
            for (int i = 0; i < channels; i++) {
                int at = level * channels + i;
                thinned[row * channels + i] = !leavesOut(level, row, i)
                        ? values[row * channels + i]
                        : kind == Kind.PLAIN || times[at] == 0 ? 0 : sums[at] / times[at];
            }
        }
    }

    /** The exact run serves both kinds. */
    private boolean looksAt(Kind each) {
        return level == 0 || each == kind;
    }

    private int histogram(Kind each, int row) {
        return (each.ordinal() * context.maxBatch() + row) * Magnitudes.BINS;
    }

    private FeedForward feedForward(LayerWeights weights, Place place, DenseOperators dense) {
        Projection gates = dense.projection(weights.gate(), context);
        Projection ups = dense.projection(weights.up(), context);
        int ffn = place.channels;
        return (pass, x, y) -> {
            gates.apply(pass, x, gate);
            ups.apply(pass, x, up);
            context.workers().run(pass.batch(), (row, worker) -> {
                kernels.silu(gate, row * ffn, (row + 1) * ffn);
                kernels.multiply(up, gate, row * ffn, (row + 1) * ffn);
            });
            place.apply(pass, gate, up, y);
        };
    }

    @Override
    public Optional<FeedForward> feedForward(int layer) {
        return Optional.of(feedForwards.get(layer));
    }

    @Override
    public Optional<Projection> projection(OperatorKey key) {
        return Site.of(key.kind()).map(site -> places.get(key.layer()).get(site)).map(place ->
                (pass, x, y) -> place.apply(pass, x, x, y));
    }
}
