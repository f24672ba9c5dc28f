package dev.sparsellm.chess;

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
import java.util.Arrays;
import java.util.Optional;

/**
 * What sparse operators compute, for measuring it: exact products of masked activations, in batches, with selections that
 * can be exchanged at any time. Saves no work.
 */
final class MaskedOperators implements SessionOperators {

    private static final int SITES = Site.values().length;

    private final Kernels kernels;
    private final SessionContext context;
    private final FeedForward[] feedForwards; // [layers]
    private final Projection[] projections; // [layers][sites]; none for feed-forward blocks
    private final float[] gate; // [maxBatch][ffn]
    private final float[] values; // [maxBatch][channels]
    private final int[] keptOfRow; // [maxBatch]
    private final long[] kept; // [layers][sites]
    private final long[] seen; // [layers][sites]
    private Selection[] selections; // [layers][sites], null where nothing is left out

    MaskedOperators(ModelDescription model, DenseOperators dense, Kernels kernels, SessionContext context) {
        this.kernels = kernels;
        this.context = context;
        int layers = model.layers().size();
        feedForwards = new FeedForward[layers];
        projections = new Projection[layers * SITES];
        selections = new Selection[layers * SITES];
        kept = new long[layers * SITES];
        seen = new long[layers * SITES];
        int widest = 0;
        for (int layer = 0; layer < layers; layer++) {
            LayerWeights weights = model.layers().get(layer);
            feedForwards[layer] = feedForward(number(layer, Site.FEED_FORWARD), weights, dense);
            for (Site site : Site.values()) {
                widest = Math.max(widest, site.weights(weights).columns());
                if (site != Site.FEED_FORWARD) {
                    projections[number(layer, site)] = projection(number(layer, site), site, weights, dense);
                }
            }
        }
        gate = new float[context.maxBatch() * model.shape().ffn()];
        values = new float[context.maxBatch() * widest];
        keptOfRow = new int[context.maxBatch()];
    }

    /** The place of a site in arrays over all of them. */
    static int number(int layer, Site site) {
        return layer * SITES + site.ordinal();
    }

    /** The layer of a place, as {@link #number} counts them. */
    static int layer(int number) {
        return number / SITES;
    }

    /** The site of a place, as {@link #number} counts them. */
    static Site site(int number) {
        return Site.values()[number % SITES];
    }

    /** Exchanges the selections, and counts from zero. */
    void use(Selection[] next) {
        selections = next;
        Arrays.fill(kept, 0);
        Arrays.fill(seen, 0);
    }

    /** Values kept at a place since {@link #use}. */
    long kept(int number) {
        return kept[number];
    }

    /** Values seen at a place since {@link #use}. */
    long seen(int number) {
        return seen[number];
    }

    private FeedForward feedForward(int number, LayerWeights weights, DenseOperators dense) {
        Projection gates = dense.projection(weights.gate(), context);
        Projection ups = dense.projection(weights.up(), context);
        Projection downs = dense.projection(weights.down(), context);
        int ffn = weights.down().columns();
        return (pass, x, y) -> {
            gates.apply(pass, x, gate);
            ups.apply(pass, x, values);
            context.workers().run(pass.batch(), (row, worker) -> {
                int at = row * ffn;
                kernels.silu(gate, at, at + ffn);
                kernels.multiply(values, gate, at, at + ffn);
                keptOfRow[row] = selections[number] == null
                        ? ffn
                        : selections[number].mask(kernels, gate, at, 1, values, at, values, at, 0, ffn);
            });
            count(number, pass, ffn);
            downs.apply(pass, values, y);
        };
    }

    private Projection projection(int number, Site site, LayerWeights weights, DenseOperators dense) {
        Projection exact = dense.projection(site.weights(weights), context);
        int channels = site.weights(weights).columns();
        return (pass, x, y) -> {
            if (selections[number] == null) {
                Arrays.fill(keptOfRow, 0, pass.batch(), channels);
                count(number, pass, channels);
                exact.apply(pass, x, y);
                return;
            }
            context.workers().run(pass.batch(), (row, worker) ->
                    keptOfRow[row] = selections[number].mask(
                            kernels, x, row * channels, 1, x, row * channels, values, row * channels, 0, channels));
            count(number, pass, channels);
            exact.apply(pass, values, y);
        };
    }

    private void count(int number, Pass pass, int channels) {
        for (int row = 0; row < pass.batch(); row++) {
            kept[number] += keptOfRow[row];
        }
        seen[number] += (long) pass.batch() * channels;
    }

    @Override
    public Optional<FeedForward> feedForward(int layer) {
        return Optional.of(feedForwards[layer]);
    }

    @Override
    public Optional<Projection> projection(OperatorKey key) {
        return Site.of(key.kind()).map(site -> projections[number(key.layer(), site)]);
    }
}
