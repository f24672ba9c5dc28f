package dev.sparsellm.chess;

import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.kernels.repack.RepackCache;
import dev.sparsellm.kernels.repack.RepackedWeights;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Function;

/** Makes the operators of a model ready: finds the profile, places thresholds, repacks weights. */
final class Preparation {

    private final ModelDescription model;
    private final ChessSettings settings;
    private final HostServices host;
    private final Kernels kernels;
    private final WeightsInUse inUse;

    Preparation(
            ModelDescription model, ChessSettings settings, HostServices host, Kernels kernels, WeightsInUse inUse) {
        this.model = model;
        this.settings = settings;
        this.host = host;
        this.kernels = kernels;
        this.inUse = inUse;
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
        List<Tensor> tensors = sparse.stream().map(key -> Site.weights(model, key)).toList();
        RepackCache cache =
                new RepackCache(source.cacheDirectory(), host.workers(), host.progress(), host::notice);
        WeightsInUse.Lease lease = inUse.take(
                source.cacheDirectory(), model.fingerprint(), tensors, () -> cache.open(model.fingerprint(), tensors));
        RepackedWeights repacked = lease.weights();
        String crossings;
        try {
            Map<OperatorKey, ChannelProduct> products = new LinkedHashMap<>();
            for (int i = 0; i < sparse.size(); i++) {
                products.put(sparse.get(i), kernels.channels(repacked.of(tensors.get(i))));
            }
            Function<OperatorKey, Crossover> crossover = crossovers(source, products);
            int dense = 0;
            for (int i = 0; i < sparse.size(); i++) {
                Tensor weights = tensors.get(i);
                double share = share(sparse.get(i), profile.profile());
                Crossover here = crossover.apply(sparse.get(i));
                boolean skips = share >= here.share();
                dense += skips ? 0 : 1;
                sites.put(sparse.get(i), Optional.of(new PreparedSite(
                        selections[i],
                        products.get(sparse.get(i)),
                        skips ? bias(weights, selections[i]) : new float[0],
                        Parts.of(weights.columns(), weights.type().blockSize()),
                        share,
                        skips,
                        here.reading())));
                Originals.release(skips ? weights.data() : repacked.of(weights).data());
            }
            crossings = dense == 0 ? "" : ", " + dense + " of " + sparse.size()
                    + " operators run dense on what is kept, which is faster here at their share";
        } catch (RuntimeException e) {
            lease.giveBack().run();
            throw e;
        }
        String summary = settings.inWords() + ", profile " + profile.name() + " ("
                + profile.profile().provenance().positions() + " tokens, " + profile.profile().mark()
                + (settings.auto() ? profile.profile().budget().map(b -> ", " + b.inWords()).orElse("") : "") + ")" + crossings;
        return new SparseOperators(model, settings, sites, host.dense(), kernels, summary, lease.giveBack());
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

    /** From which share on each operator is faster if it does not read what it leaves out, and how it reads then. */
    private Function<OperatorKey, Crossover> crossovers(ProfileSource source, Map<OperatorKey, ChannelProduct> products) {
        if (!Double.isNaN(settings.crossover())) {
            return key -> Crossover.at(settings.crossover());
        }
        Map<String, List<CrossoverMeter.Candidate>> byKind = new LinkedHashMap<>();
        products.forEach((key, product) -> byKind.computeIfAbsent(
                        Crossover.kindOf(key, model.layers().get(key.layer())), kind -> new ArrayList<>())
                .add(new CrossoverMeter.Candidate(key, product)));
        Crossovers known = new Crossovers(source.cacheDirectory());
        CrossoverMeter meter = new CrossoverMeter(model, host.dense(), kernels, host.workers());
        Map<OperatorKey, Crossover> crossovers = new HashMap<>();
        byKind.forEach((kind, candidates) -> {
            Crossover crossover = known.find(kernels.name(), kind).orElseGet(() -> {
                if (!meter.isMeasurable(candidates)) {
                    return Crossover.at(0); // they leave out whatever they may
                }
                Crossover measured = meter.measure(candidates);
                known.keep(kernels.name(), kind, measured);
                host.notice(String.format(
                        Locale.ROOT,
                        "Measured once for this machine: %s is faster for leaving out a share of %.2f or more",
                        kind,
                        measured.share()));
                return measured;
            });
            candidates.forEach(candidate -> crossovers.put(candidate.key(), crossover));
        });
        return crossovers::get;
    }

    private double share(OperatorKey key, Profile profile) {
        return settings.share(Site.of(key.kind()).orElseThrow(), key.layer(), profile.budget());
    }

    /** W m: what all channels give that are left out, as if they always were. */
    private float[] bias(Tensor weights, Selection selection) {
        float[] bias = new float[weights.rows()];
        if (selection.compensated()) {
            Parts parts = Parts.of(weights.rows(), 1);
            RowProduct rows = kernels.rows(weights);
            host.workers().run(parts.count(), (part, worker) -> rows.multiply(
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
