package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/** Thresholds by channel, the prompt masked, too. */
@Tag(ChessConformance.ONE_WIDTH)
class ChessConformanceTest extends ChessConformance {

    ChessConformanceTest() {
        super(Map.of("chess.method", "chess", "chess.prefill", "masked"),
                OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_QUERY, OperatorKind.ATTENTION_OUTPUT);
    }
}
