package dev.sparsellm.conformance;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.TensorType;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a provider says it can do under the settings it is tested with. The kit demands exactly this much: inside, a
 * refusal is a failure; outside, the provider may refuse, and what it takes all the same must be right.
 *
 * @param kinds operators it takes of every model whose types and activation are listed here
 * @param types of weights
 * @param activations of feed-forward blocks; without meaning for a provider of projections alone
 * @param maxNmse the largest normalised mean square error against F64 arithmetic, such as 1e-10 for F32 sums
 */
public record Capabilities(
        Set<OperatorKind> kinds, Set<TensorType> types, Set<ActivationFunction> activations, double maxNmse) {

    /** What sums of F32 products reach, in any order. */
    public static final double F32_SUMS = 1e-10;

    /** All that weights may be stored as. */
    public static final Set<TensorType> ALL_TYPES =
            Set.copyOf(EnumSet.complementOf(EnumSet.of(TensorType.I32, TensorType.I64, TensorType.F64)));

    /** @throws IllegalArgumentException if there is nothing to test, or a type that weights never have */
    public Capabilities {
        kinds = Set.copyOf(kinds);
        types = Set.copyOf(types);
        activations = Set.copyOf(activations);
        if (kinds.isEmpty() || types.isEmpty() || !ALL_TYPES.containsAll(types)) {
            throw new IllegalArgumentException(
                    "A provider has at least one kind of operators and one type of weights, of " + ALL_TYPES);
        }
        if (kinds.contains(OperatorKind.FEED_FORWARD) && activations.isEmpty()) {
            throw new IllegalArgumentException("A provider of feed-forward blocks says with which activations");
        }
    }

    /** These operators of Llama models, on weights of all types, with sums in F32. */
    public static Capabilities of(Set<OperatorKind> kinds) {
        return new Capabilities(kinds, ALL_TYPES, Set.of(ActivationFunction.SILU), F32_SUMS);
    }

    /** The same on weights of these types only. */
    public Capabilities onTypes(Set<TensorType> some) {
        return new Capabilities(kinds, some, activations, maxNmse);
    }

    /** A type for rules that need any. */
    TensorType someType() {
        return types.contains(TensorType.Q8_0) ? TensorType.Q8_0 : types.stream().sorted().findFirst().orElseThrow();
    }
}
