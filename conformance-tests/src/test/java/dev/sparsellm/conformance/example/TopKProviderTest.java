package dev.sparsellm.conformance.example;

import dev.sparsellm.conformance.Capabilities;
import dev.sparsellm.conformance.OperatorProviderConformance;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import java.util.Map;
import java.util.Set;

/** The example of the guide, held to the rules. */
class TopKProviderTest extends OperatorProviderConformance {

    @Override
    protected OperatorProvider provider() {
        return new TopKProvider();
    }

    @Override
    protected Map<String, String> settings() {
        return Map.of("topk.share", "0.25");
    }

    @Override
    protected Capabilities capabilities() {
        return Capabilities.of(Set.of(OperatorKind.FEED_FORWARD));
    }
}
