package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import java.util.Map;

/** Thresholds by channel, the prompt masked, too. */
class ChessConformanceTest extends ChessConformance {

    ChessConformanceTest() {
        super(Map.of("chess.method", "chess", "chess.prefill", "masked"),
                OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_QUERY, OperatorKind.ATTENTION_OUTPUT);
    }
}
