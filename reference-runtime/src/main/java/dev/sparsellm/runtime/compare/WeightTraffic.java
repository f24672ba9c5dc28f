package dev.sparsellm.runtime.compare;

import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.Usage;
import java.util.Map;

/**
 * Bytes of weights read for one token while decoding, and what follows if reading them is all that takes time.
 *
 * @param denseBytes read by exact operators: every matrix once
 * @param bytes read by a lineup
 */
public record WeightTraffic(double denseBytes, double bytes) {

    /** The traffic of a lineup, from what its providers counted. */
    public static WeightTraffic of(ModelDescription model, Map<OperatorKey, Usage> usages) {
        double dense = size(model.output());
        for (LayerWeights layer : model.layers()) {
            dense += size(layer.query()) + size(layer.key()) + size(layer.value()) + size(layer.attentionOutput())
                    + size(layer.gate()) + size(layer.up()) + size(layer.down());
        }
        double saved = 0;
        for (Usage usage : usages.values()) {
            if (usage.decodeRows() > 0) {
                saved += (double) (usage.bytesDense() - usage.bytesRead()) / usage.decodeRows();
            }
        }
        return new WeightTraffic(dense, dense - saved);
    }

    /** How many times as fast decoding can be at best. */
    public double idealRatio() {
        return denseBytes / bytes;
    }

    private static long size(Tensor tensor) {
        return tensor.data().byteSize();
    }
}
