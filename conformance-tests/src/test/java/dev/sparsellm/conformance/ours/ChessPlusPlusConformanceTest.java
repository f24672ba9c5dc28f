package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/** Thresholds by the error that is left after compensation. */
@Tag(ChessConformance.ONE_WIDTH)
class ChessPlusPlusConformanceTest extends ChessConformance {

    ChessPlusPlusConformanceTest() {
        super(Map.of("chess.method", "chess++"),
                OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_QUERY, OperatorKind.ATTENTION_OUTPUT);
    }
}
