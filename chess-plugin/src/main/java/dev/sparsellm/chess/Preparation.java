package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.kernels.repack.RepackCache;
import dev.sparsellm.kernels.repack.RepackedWeights;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/** Makes the operators of a model ready: finds the profile, places thresholds, repacks weights. */
final class Preparation {

    private final ModelDescription model;
    private final ChessSettings settings;
    private final HostServices host;
    private final Kernels kernels;

    Preparation(ModelDescription model, ChessSettings settings, HostServices host, Kernels kernels) {
        this.model = model;
        this.settings = settings;
        this.host = host;
        this.kernels = kernels;
    }

    PreparedOperators prepare(SortedSet<OperatorKey> taken) {
        SortedMap<OperatorKey, Optional<PreparedSite>> sites = new TreeMap<>();
        taken.forEach(key -> sites.put(key, Optional.empty()));
        if (settings.exact()) {
            return exact(sites);
        }
        ProfileSource source = new ProfileSource(model, settings, host, kernels);
        ProfileSource.Named profile = source.find();
        List<OperatorKey> sparse = taken.stream()
                .filter(key -> share(key, profile.profile()) > 0)
                .toList();
        if (sparse.isEmpty()) {
            return exact(sites);
        }
        Selection[] selections = select(sparse, profile.profile());
        List<Tensor> tensors = sparse.stream().map(this::weights).toList();
        RepackedWeights repacked = new RepackCache(
                        source.cacheDirectory(), host.workers(), host.progress(), host::notice)
                .open(model.fingerprint(), tensors);
        try {
            for (int i = 0; i < sparse.size(); i++) {
                Tensor weights = tensors.get(i);
                sites.put(sparse.get(i), Optional.of(new PreparedSite(
                        selections[i],
                        kernels.channels(repacked.of(weights)),
                        bias(weights, selections[i]),
                        Parts.of(weights.columns(), weights.type().blockSize()),
                        share(sparse.get(i), profile.profile()))));
            }
        } catch (RuntimeException e) {
            repacked.close();
            throw e;
        }
        String summary = settings.inWords() + ", profile " + profile.name() + " ("
                + profile.profile().provenance().positions() + " tokens"
                + (settings.auto() ? profile.profile().budget().map(b -> ", " + b.inWords()).orElse("") : "") + ")";
        return new SparseOperators(model, settings, sites, host.dense(), kernels, summary, repacked::close);
    }

    private PreparedOperators exact(SortedMap<OperatorKey, Optional<PreparedSite>> sites) {
        return new SparseOperators(model, settings, sites, host.dense(), kernels, settings.inWords(), () -> {});
    }

    private Selection[] select(List<OperatorKey> keys, Profile profile) {
        Selection[] selections = new Selection[keys.size()];
        long positions = profile.provenance().positions();
        host.workers().run(keys.size(), (part, worker) -> {
            OperatorKey key = keys.get(part);
            Site site = Site.of(key.kind()).orElseThrow();
            selections[part] = settings.select(
                    site, profile.layers().get(key.layer()).at(site), positions, share(key, profile));
        });
        return selections;
    }

    private double share(OperatorKey key, Profile profile) {
        return settings.share(Site.of(key.kind()).orElseThrow(), key.layer(), profile.budget());
    }

    private Tensor weights(OperatorKey key) {
        return Site.of(key.kind()).orElseThrow().weights(model.layers().get(key.layer()));
    }

    /** W m: what all channels give that are left out, as if they always were. */
    private float[] bias(Tensor weights, Selection selection) {
        float[] bias = new float[weights.rows()];
        if (selection.compensated()) {
            Parts parts = Parts.of(weights.rows(), 1);
            host.workers().run(parts.count(), (part, worker) -> kernels.rows(weights)
                    .multiply(
                            selection.substitutes(),
                            1,
                            bias,
                            bias.length,
                            parts.from(part),
                            parts.to(part),
                            new Scratch()));
        }
        return bias;
    }
}
