package dev.sparsellm.chess;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Says whether a model can be served: as a whole or not at all, since a calibration runs all of it with operators of its
 * own.
 */
final class Suitability {

    private static final String DENSE = "run it dense with -Dchess.enabled=false, or use another model";

    private final ModelDescription model;
    private final ChessSettings settings;

    Suitability(ModelDescription model, ChessSettings settings) {
        this.model = model;
        this.settings = settings;
    }

    /** Decides on every operator of interest. */
    SortedMap<OperatorKey, Decision> decisions() {
        Optional<Decision.Refused> refusal = firstRefusal();
        SortedMap<OperatorKey, Decision> decisions = new TreeMap<>();
        for (Site site : wanted(settings)) {
            String how = String.format(Locale.ROOT, "%s at %s", settings.method().word(),
                    Double.isNaN(settings.share(site)) ? "the budget's share" : settings.share(site));
            for (int layer = 0; layer < model.layers().size(); layer++) {
                decisions.put(
                        new OperatorKey(site.kind(), layer),
                        refusal.<Decision>map(refused -> refused).orElseGet(() -> new Decision.Taken(how)));
            }
        }
        return decisions;
    }

    private Optional<Decision.Refused> firstRefusal() {
        return model.layers().stream()
                .flatMap(layer -> Arrays.stream(Site.values()).flatMap(site -> refusal(site, layer).stream()))
                .findFirst();
    }

    private Optional<Decision.Refused> refusal(Site site, LayerWeights weights) {
        ModelShape shape = model.shape();
        int inner = shape.heads() * shape.headDim();
        return switch (site) {
            case FEED_FORWARD -> activation()
                    .or(() -> matrix(weights.gate(), shape.ffn(), shape.dim()))
                    .or(() -> matrix(weights.up(), shape.ffn(), shape.dim()))
                    .or(() -> matrix(weights.down(), shape.dim(), shape.ffn()));
            case QUERY -> matrix(weights.query(), inner, shape.dim());
            case OUTPUT -> matrix(weights.attentionOutput(), shape.dim(), inner);
        };
    }

    private Optional<Decision.Refused> activation() {
        return model.activation() == ActivationFunction.SILU
                ? Optional.empty()
                : refused("the activation is " + model.activation() + ", and thresholds are made for SILU only");
    }

    private static Optional<Decision.Refused> matrix(Tensor tensor, int rows, int columns) {
        if (!ChannelMajor.supports(tensor.type())) {
            return refused(
                    tensor.name() + " is stored as " + tensor.type() + ", for which there are no sparse kernels");
        }
        if (tensor.rows() != rows || tensor.columns() != columns) {
            return refused("%s is [%d][%d], and [%d][%d] would fit the model's shape"
                    .formatted(tensor.name(), tensor.rows(), tensor.columns(), rows, columns));
        }
        return Optional.empty();
    }

    private static Optional<Decision.Refused> refused(String reason) {
        return Optional.of(new Decision.Refused(reason, DENSE));
    }

    /** The places of interest under these settings. */
    static List<Site> wanted(ChessSettings settings) {
        if (!settings.enabled()) {
            return List.of();
        }
        return settings.attention() ? List.of(Site.values()) : List.of(Site.FEED_FORWARD);
    }
}
