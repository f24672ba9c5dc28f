package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.SharedRows;
import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import java.util.Optional;
import java.util.SortedMap;

/** The operators of a model, ready for sessions. */
final class SparseOperators implements PreparedOperators {

    private final ModelDescription model;
    private final ChessSettings settings;
    private final SortedMap<OperatorKey, Optional<PreparedSite>> sites;
    private final DenseOperators dense;
    private final Kernels kernels;
    private final SharedRows rows;
    private final String summary;
    private final Runnable release;
    private volatile boolean closed;

    /**
     * Operators of these sites.
     *
     * @param sites by the operator that reads them; empty where nothing is left out
     * @param release frees what the sites' products read
     */
    SparseOperators(
            ModelDescription model,
            ChessSettings settings,
            SortedMap<OperatorKey, Optional<PreparedSite>> sites,
            DenseOperators dense,
            Kernels kernels,
            String summary,
            Runnable release) {
        this.model = model;
        this.settings = settings;
        this.sites = sites;
        this.dense = dense;
        this.kernels = kernels;
        rows = new SharedRows(kernels);
        this.summary = summary;
        this.release = release;
    }

    @Override
    public SessionOperators newSession(SessionContext context) {
        if (closed) {
            throw new IllegalStateException("These operators are closed");
        }
        return new SparseSession(model, sites, settings.protection(), dense, kernels, rows, context);
    }

    @Override
    public Approximation approximation(OperatorKey key) {
        Optional<PreparedSite> site = sites.get(key);
        if (site == null) {
            throw new IllegalArgumentException("The operator " + key + " was not taken");
        }
        return MaskingRule.of(
                Site.of(key.kind()).orElseThrow(),
                site.map(PreparedSite::selection).orElse(null),
                settings.maskedPrefill());
    }

    @Override
    public String summary() {
        return summary;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            release.run();
        }
    }
}
