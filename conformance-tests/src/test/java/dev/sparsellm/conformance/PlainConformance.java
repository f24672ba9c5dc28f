package dev.sparsellm.conformance;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.TensorType;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The kit on a {@link PlainProvider}, whole or broken. */
abstract class PlainConformance extends OperatorProviderConformance {

    static final Set<TensorType> TYPES = EnumSet.of(TensorType.F32, TensorType.Q8_0);

    @Override
    protected OperatorProvider provider() {
        return new PlainProvider();
    }

    @Override
    protected Capabilities capabilities() {
        return new Capabilities(
                EnumSet.allOf(OperatorKind.class), TYPES, Set.of(ActivationFunction.SILU), Capabilities.F32_SUMS);
    }

    @Override
    protected Set<TensorType> types() {
        return Set.of(TensorType.F32);
    }

    @Override
    protected Optional<ClassLoader> path() {
        return Optional.empty();
    }

    @Override
    protected List<Map<String, String>> conflictingSettings() {
        return List.of(Map.of(PlainProvider.SIDE, "both"));
    }

    /** With a threshold, so that results are approximate. */
    abstract static class Approximate extends PlainConformance {

        @Override
        protected Map<String, String> settings() {
            return Map.of(PlainProvider.THRESHOLD, "0.3");
        }
    }
}
