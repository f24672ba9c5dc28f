package dev.sparsellm.runtime.compare;

import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Shares of channels that a lineup left out in one layer, 0 to 1; NaN where nobody counted.
 *
 * @param layer from 0
 * @param feedForward hidden channels of the feed-forward block
 * @param query input channels of W_q
 * @param output input channels of W_o
 */
public record LayerSparsity(int layer, double feedForward, double query, double output) {

    /** Every layer's, in order. */
    public static List<LayerSparsity> of(int layers, Map<OperatorKey, Usage> usages) {
        List<LayerSparsity> list = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            list.add(new LayerSparsity(
                    layer,
                    of(usages, OperatorKind.FEED_FORWARD, layer),
                    of(usages, OperatorKind.ATTENTION_QUERY, layer),
                    of(usages, OperatorKind.ATTENTION_OUTPUT, layer)));
        }
        return List.copyOf(list);
    }

    private static double of(Map<OperatorKey, Usage> usages, OperatorKind kind, int layer) {
        Usage usage = usages.getOrDefault(new OperatorKey(kind, layer), Usage.NONE);
        return usage.channels() == 0 ? Double.NaN : usage.sparsity();
    }

    /** Whether anything was counted. */
    public boolean counted() {
        return !(Double.isNaN(feedForward) && Double.isNaN(query) && Double.isNaN(output));
    }
}
