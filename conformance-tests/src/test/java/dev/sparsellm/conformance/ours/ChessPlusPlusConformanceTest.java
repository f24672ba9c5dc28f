package dev.sparsellm.conformance.ours;

import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.TensorType;
import java.util.Map;
import java.util.Set;

/** Thresholds by the error that is left after compensation. */
class ChessPlusPlusConformanceTest extends ChessConformance {

    ChessPlusPlusConformanceTest() {
        super(Map.of("chess.method", "chess++"),
                OperatorKind.FEED_FORWARD, OperatorKind.ATTENTION_QUERY, OperatorKind.ATTENTION_OUTPUT);
    }

    /** How weights are stored has nothing to do with where thresholds are. */
    @Override
    protected Set<TensorType> types() {
        return Set.of(TensorType.F32, TensorType.Q8_0, TensorType.Q4_K);
    }
}
