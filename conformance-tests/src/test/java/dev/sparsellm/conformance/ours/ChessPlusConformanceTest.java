package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import java.util.Map;

/** All defaults: thresholds by the norms of columns, and compensation. */
class ChessPlusConformanceTest extends ChessConformance {

    ChessPlusConformanceTest() {
        super(Map.of(),
                OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_QUERY, OperatorKind.ATTENTION_OUTPUT);
    }
}
