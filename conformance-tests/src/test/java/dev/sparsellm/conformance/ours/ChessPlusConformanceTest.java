package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.testing.EveryWidth;
import java.util.Map;

/** All defaults: thresholds by the norms of columns, and compensation. */
@EveryWidth
class ChessPlusConformanceTest extends ChessConformance {

    ChessPlusConformanceTest() {
        super(Map.of(),
                OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_QUERY, OperatorKind.ATTENTION_OUTPUT);
    }
}
