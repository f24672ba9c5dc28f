package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.SharedRows;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.Usage;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** The operators of one session. */
final class SparseSession implements SessionOperators {

    private final Map<OperatorKey, FeedForward> feedForwards = new HashMap<>();
    private final Map<OperatorKey, Projection> projections = new HashMap<>();
    private final Map<OperatorKey, UsageCounter> usages = new HashMap<>();

    SparseSession(
            ModelDescription model,
            SortedMap<OperatorKey, Optional<PreparedSite>> sites,
            Protection protection,
            DenseOperators dense,
            Kernels kernels,
            SharedRows rows,
            SessionContext context) {
        SessionScratch scratch = SessionScratch.of(
                sites.values().stream().flatMap(Optional::stream).toList(),
                model.shape().dim(),
                protection.maskedPrefill(),
                kernels,
                context);
        sites.forEach((key, site) -> {
            LayerWeights weights = model.layers().get(key.layer());
            if (key.kind() == OperatorKind.FEED_FORWARD) {
                feedForwards.put(
                        key, feedForward(key, weights, site, protection, dense, kernels, rows, scratch, context));
            } else {
                Tensor matrix = Site.of(key.kind()).orElseThrow().weights(weights);
                UsageCounter usage = count(key, matrix.columns(), matrix.data().byteSize());
                Projection exact = dense.projection(matrix, context);
                projections.put(key, site.<Projection>map(ready -> new SparseProjection(
                                ready,
                                ready.skips() ? Originals.releasingAll(exact, matrix) : exact,
                                protection,
                                kernels,
                                scratch,
                                context.workers(),
                                usage))
                        .orElse((pass, x, y) -> {
                            exact.apply(pass, x, y);
                            usage.addExact(pass);
                        }));
            }
        });
    }

    private FeedForward feedForward(
            OperatorKey key,
            LayerWeights weights,
            Optional<PreparedSite> site,
            Protection protection,
            DenseOperators dense,
            Kernels kernels,
            SharedRows rows,
            SessionScratch scratch,
            SessionContext context) {
        FeedForward block = dense.feedForward(key.layer(), context);
        UsageCounter usage = count(key, weights.down().columns(), Site.FEED_FORWARD.bytes(weights));
        if (site.isEmpty()) {
            return (pass, x, y) -> {
                block.apply(pass, x, y);
                usage.addExact(pass);
            };
        }
        SparseFeedForward.Products products = new SparseFeedForward.Products(
                rows.of(weights.gate()),
                weights.gate().data().byteSize(),
                rows.of(weights.up()),
                weights.up().rowBytes());
        boolean skips = site.get().skips();
        Projection down = dense.projection(weights.down(), context);
        SparseFeedForward.Exact exact = new SparseFeedForward.Exact(
                skips ? Originals.releasingDown(block, weights.down()) : block,
                skips ? Originals.releasingAll(down, weights.down()) : down);
        return new SparseFeedForward(
                site.get(), products, exact, protection, kernels, scratch, context.workers(), usage);
    }

    private UsageCounter count(OperatorKey key, long channels, long denseBytes) {
        UsageCounter usage = new UsageCounter(channels, denseBytes);
        usages.put(key, usage);
        return usage;
    }

    @Override
    public Optional<FeedForward> feedForward(int layer) {
        return Optional.ofNullable(feedForwards.get(new OperatorKey(OperatorKind.FEED_FORWARD, layer)));
    }

    @Override
    public Optional<Projection> projection(OperatorKey key) {
        return Optional.ofNullable(projections.get(key));
    }

    @Override
    public Usage usage(OperatorKey key) {
        UsageCounter usage = usages.get(key);
        return usage == null ? Usage.NONE : usage.total();
    }
}
