package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/** One threshold a layer, attention left alone. */
@Tag(ChessConformance.ONE_WIDTH)
class CatsConformanceTest extends ChessConformance {

    CatsConformanceTest() {
        super(Map.of("chess.method", "cats", "chess.sparsity", "0.7"),
                OperatorKind.FEED_FORWARD);
    }
}
