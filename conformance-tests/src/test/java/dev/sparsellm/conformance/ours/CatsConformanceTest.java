package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import java.util.Map;

/** One threshold a layer, attention left alone. */
class CatsConformanceTest extends ChessConformance {

    CatsConformanceTest() {
        super(Map.of("chess.method", "cats", "chess.sparsity", "0.7"),
                OperatorKind.FEED_FORWARD);
    }
}
