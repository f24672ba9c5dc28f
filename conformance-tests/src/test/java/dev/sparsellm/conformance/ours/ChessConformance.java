package dev.sparsellm.conformance.ours;

import dev.sparsellm.chess.ChessProvider;
import dev.sparsellm.conformance.Capabilities;
import dev.sparsellm.conformance.OperatorProviderConformance;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.TensorType;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The plugin, under settings of each subclass. */
abstract class ChessConformance extends OperatorProviderConformance {

    /** Of settings that have nothing to do with the width of vectors; the defaults are run at each. */
    static final String ONE_WIDTH = "one-width";

    private final Map<String, String> settings;
    private final Set<OperatorKind> kinds;

    ChessConformance(Map<String, String> settings, OperatorKind... kinds) {
        this.settings = settings;
        this.kinds = Set.of(kinds);
    }

    @Override
    protected OperatorProvider provider() {
        return new ChessProvider();
    }

    @Override
    protected Map<String, String> settings() {
        return settings;
    }

    @Override
    protected Capabilities capabilities() {
        return Capabilities.of(kinds);
    }

    /**
     * All types with default settings. What is left out, and so the difference between methods, has nothing to do with how
     * weights are stored. For mutation runs the cheapest method can have all types.
     */
    @Override
    protected Set<TensorType> types() {
        return settings.isEmpty() || Boolean.getBoolean("sparsellm.allTypes")
                ? super.types()
                : Set.of(TensorType.F32, TensorType.Q8_0, TensorType.Q4_K);
    }

    @Override
    protected List<Map<String, String>> conflictingSettings() {
        return List.of(
                Map.of("chess.method", "cats", "chess.attention", "true"),
                Map.of("chess.method", "cats", "chess.attention.sparsity", "0.3"),
                Map.of("chess.attention", "false", "chess.attention.sparsity", "0.3"),
                Map.of("chess.method", "chess+", "chess.weight", "rms"));
    }
}
