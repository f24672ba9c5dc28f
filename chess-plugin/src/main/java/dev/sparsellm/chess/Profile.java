package dev.sparsellm.chess;

import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ProviderException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What a calibration learnt about a model: statistics from which thresholds follow for any method, weight and share.
 *
 * @param provenance how it was made
 * @param resolution of the statistics, from 0 to {@link Site#FINEST}
 * @param layers {@code [layers]}
 * @param budget how much to leave out where, if that was looked for
 */
record Profile(Provenance provenance, int resolution, List<Layer> layers, Optional<Budget> budget) {

    /** Bins become coarser until a profile is no larger than this ... */
    private static final long COMFORTABLE_BYTES = 48L << 20;

    /** ... but no coarser than two an octave, up to this. A model of 8 G parameters has 280 MB, one of 70 G 0.9 GB. */
    private static final long LARGE_BYTES = 512L << 20;

    Profile {
        layers = List.copyOf(layers);
    }

    /** Without a budget. */
    Profile(Provenance provenance, int resolution, List<Layer> layers) {
        this(provenance, resolution, layers, Optional.empty());
    }

    /** The three places of a layer. */
    record Layer(Place feedForward, Place query, Place output) {

        Place at(Site site) {
            return switch (site) {
                case FEED_FORWARD -> feedForward;
                case QUERY -> query;
                case OUTPUT -> output;
            };
        }
    }

    /**
     * One place.
     *
     * @param seen its values
     * @param norms {@code [channels]}: ‖W[:,i]‖₂ of the matrix that reads it
     * @param shift how they shift once channels are left out
     */
    record Place(SiteStatistics seen, float[] norms, ShiftStatistics shift) {}

    /** A profile in which nothing was seen yet. */
    static Profile empty(ModelDescription model, Provenance provenance, ColumnNorms norms) {
        int resolution = resolution(model);
        List<Layer> layers = new ArrayList<>();
        for (ModelDescription.LayerWeights weights : model.layers()) {
            Place[] places = new Place[Site.values().length];
            for (Site site : Site.values()) {
                int channels = site.weights(weights).columns();
                places[site.ordinal()] = new Place(
                        new SiteStatistics(site, site.grid(resolution), channels),
                        norms.of(site.weights(weights)),
                        new ShiftStatistics());
            }
            layers.add(new Layer(places[0], places[1], places[2]));
        }
        return new Profile(provenance, resolution, layers);
    }

    /** This profile and what another saw, without budgets; neither may be used afterwards. */
    Profile plus(Profile other) {
        Provenance joined = provenance.plus(other.provenance);
        if (resolution != other.resolution || !shape().equals(other.shape())) {
            throw new ProviderException("These profiles are of one model, and yet differ in shape: one is damaged");
        }
        for (int layer = 0; layer < layers.size(); layer++) {
            for (Site site : Site.values()) {
                Place ours = layers.get(layer).at(site);
                Place theirs = other.layers.get(layer).at(site);
                ours.seen().add(theirs.seen());
                ours.shift().add(theirs.shift());
            }
        }
        return new Profile(joined, resolution, layers);
    }

    private List<Integer> shape() {
        return layers.stream()
                .flatMap(layer -> Arrays.stream(Site.values()).map(site -> layer.at(site).seen().channels()))
                .toList();
    }

    /** This profile with its provenance replaced. */
    Profile with(Provenance newProvenance) {
        return new Profile(newProvenance, resolution, layers, budget);
    }

    /** This profile with a budget. */
    Profile with(Budget found) {
        return new Profile(provenance, resolution, layers, Optional.of(found));
    }

    /**
     * Eight digits that tell this profile from others of its model: of what it was made of, and of its budget's shares.
     * Results that are kept are named after them, since a file may be overwritten.
     */
    String mark() {
        CRC32C crc = new CRC32C();
        crc.update((provenance.textHash() + provenance).getBytes(StandardCharsets.UTF_8));
        budget.ifPresent(found -> crc.update(Arrays.toString(found.shares()).getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    /**
     * Checks that this profile is of a model.
     *
     * @param where the file, for messages
     */
    void requireFor(ModelDescription model, String where) {
        if (!provenance.fingerprint().equals(model.fingerprint())) {
            throw new ProviderException("The profile " + where + " belongs to another model ("
                    + provenance.modelName() + ", fingerprint " + provenance.fingerprint() + ", not " + model.name()
                    + ", " + model.fingerprint() + "): calibrate this model, or leave chess.profile unset");
        }
        boolean fits = layers.size() == model.layers().size();
        for (int layer = 0; fits && layer < layers.size(); layer++) {
            for (Site site : Site.values()) {
                fits &= layers.get(layer).at(site).seen().channels()
                        == site.weights(model.layers().get(layer)).columns();
            }
        }
        if (!fits || provenance.done().isEmpty()) {
            throw new ProviderException("The profile " + where + " does not have the shape of " + model.name()
                    + ", or is empty, although the fingerprint is right: it is damaged; calibrate again");
        }
    }

    /** The resolution: the same for every shard, since it follows from the model's shape. */
    private static int resolution(ModelDescription model) {
        for (int resolution = Site.FINEST; resolution > 0; resolution--) {
            if (bytes(model, resolution) <= (resolution == 1 ? LARGE_BYTES : COMFORTABLE_BYTES)) {
                return resolution;
            }
        }
        return 0;
    }

    private static long bytes(ModelDescription model, int resolution) {
        long bytes = 0;
        for (ModelDescription.LayerWeights weights : model.layers()) {
            for (Site site : Site.values()) {
                Grid grid = site.grid(resolution);
                long groups = site == Site.FEED_FORWARD ? grid.groups() : 0;
                bytes += site.weights(weights).columns() * (4L * grid.bins() + 16 * groups);
            }
        }
        return bytes;
    }
}
