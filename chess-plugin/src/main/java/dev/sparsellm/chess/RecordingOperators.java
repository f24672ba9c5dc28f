package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import java.util.Optional;

/** Exact operators that write down what passes through them. */
final class RecordingOperators implements SessionOperators {

    /** Channels of a part: few enough for the bins of a part to stay in a core's cache. */
    private static final int CHANNELS_OF_A_PART = 64;

    private final FeedForward[] feedForwards; // [layers]
    private final Projection[] queries; // [layers]
    private final Projection[] outputs; // [layers]

    RecordingOperators(
            ModelDescription model, Profile profile, DenseOperators dense, Kernels kernels, SessionContext context) {
        int layers = model.layers().size();
        feedForwards = new FeedForward[layers];
        queries = new Projection[layers];
        outputs = new Projection[layers];
        int hidden = context.maxBatch() * model.shape().ffn();
        float[] gate = new float[hidden];
        float[] activated = new float[hidden];
        float[] up = new float[hidden];
        for (int layer = 0; layer < layers; layer++) {
            LayerWeights weights = model.layers().get(layer);
            Profile.Layer into = profile.layers().get(layer);
            feedForwards[layer] = feedForward(weights, into, dense, kernels, context, gate, activated, up);
            queries[layer] = projection(Site.QUERY, weights, into, dense, context);
            outputs[layer] = projection(Site.OUTPUT, weights, into, dense, context);
        }
    }

    private static FeedForward feedForward(
            LayerWeights weights,
            Profile.Layer into,
            DenseOperators dense,
            Kernels kernels,
            SessionContext context,
            float[] gate,
            float[] activated,
            float[] up) {
        Projection gateProjection = dense.projection(weights.gate(), context);
        Projection upProjection = dense.projection(weights.up(), context);
        Projection downProjection = dense.projection(weights.down(), context);
        SiteStatistics seen = into.feedForward().seen();
        int ffn = seen.channels();
        return (pass, x, y) -> {
            gateProjection.apply(pass, x, gate);
            upProjection.apply(pass, x, up);
            context.workers().run(parts(ffn), (part, worker) -> {
                int from = part * CHANNELS_OF_A_PART;
                int to = Math.min(ffn, from + CHANNELS_OF_A_PART);
                for (int row = 0; row < pass.batch(); row++) {
                    int start = row * ffn;
                    System.arraycopy(gate, start + from, activated, start + from, to - from);
                    kernels.silu(activated, start + from, start + to);
                }
                seen.recordHidden(gate, activated, up, pass.batch(), from, to);
                for (int row = 0; row < pass.batch(); row++) {
                    kernels.multiply(activated, up, row * ffn + from, row * ffn + to);
                }
            });
            downProjection.apply(pass, activated, y);
        };
    }

    private static Projection projection(
            Site site, LayerWeights weights, Profile.Layer into, DenseOperators dense, SessionContext context) {
        Projection exact = dense.projection(site.weights(weights), context);
        SiteStatistics seen = into.at(site).seen();
        return (pass, x, y) -> {
            context.workers().run(parts(seen.channels()), (part, worker) -> {
                int from = part * CHANNELS_OF_A_PART;
                seen.recordInputs(x, pass.batch(), from, Math.min(seen.channels(), from + CHANNELS_OF_A_PART));
            });
            exact.apply(pass, x, y);
        };
    }

    private static int parts(int channels) {
        return (channels + CHANNELS_OF_A_PART - 1) / CHANNELS_OF_A_PART;
    }

    @Override
    public Optional<FeedForward> feedForward(int layer) {
        return Optional.of(feedForwards[layer]);
    }

    @Override
    public Optional<Projection> projection(OperatorKey key) {
        return key.kind() == OperatorKind.ATTENTION_QUERY
                ? Optional.of(queries[key.layer()])
                : key.kind() == OperatorKind.ATTENTION_OUTPUT
                        ? Optional.of(outputs[key.layer()])
                        : Optional.empty();
    }
}
