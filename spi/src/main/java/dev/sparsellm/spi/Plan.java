package dev.sparsellm.spi;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A provider's answers for a model. Operators not mentioned were never of interest to it: they are neither taken nor
 * worth a warning.
 *
 * @param decisions by operator, in the operators' order
 */
public record Plan(SortedMap<OperatorKey, Decision> decisions) {

    public Plan {
        decisions = Collections.unmodifiableSortedMap(new TreeMap<>(decisions));
    }

    /** A plan from any map. */
    public static Plan of(Map<OperatorKey, Decision> decisions) {
        return new Plan(new TreeMap<>(decisions));
    }

    /** The operators taken, in order. */
    public SortedSet<OperatorKey> taken() {
        SortedSet<OperatorKey> keys = new TreeSet<>();
        decisions.forEach((key, decision) -> {
            if (decision instanceof Decision.Taken) {
                keys.add(key);
            }
        });
        return keys;
    }

    /** Whether {@code key} is taken. */
    public boolean takes(OperatorKey key) {
        return decisions.get(key) instanceof Decision.Taken;
    }

    /** The first refusal in order, if there is one. */
    public Optional<Decision.Refused> firstRefusal() {
        return decisions.values().stream()
                .filter(Decision.Refused.class::isInstance)
                .map(Decision.Refused.class::cast)
                .findFirst();
    }

    /** This plan with only those operators taken that the host wants from it; refusals stay. */
    public Plan keeping(Predicate<OperatorKey> wanted) {
        SortedMap<OperatorKey, Decision> kept = new TreeMap<>(decisions);
        kept.entrySet().removeIf(e -> e.getValue() instanceof Decision.Taken && !wanted.test(e.getKey()));
        return new Plan(kept);
    }
}
