package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.fail;

import dev.sparsellm.conformance.NumericsRules.Findings;
import dev.sparsellm.conformance.NumericsRules.Group;
import dev.sparsellm.spi.TensorType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/** Comparisons with the oracle, made once for the three rules that are about them: preparing may be dear. */
final class Comparisons {

    private final Map<TensorType, Findings> byType = new EnumMap<>(TensorType.class);
    private Set<Group> groups;

    /** A test for each type of weights. */
    Stream<DynamicTest> tests(Subject subject, Set<TensorType> types, Group group) {
        if (groups == null) {
            groups = new NumericsRules(subject).groups();
        }
        Assumptions.assumeTrue(groups.isEmpty() || groups.contains(group), "the provider has no such operators");
        return types.stream()
                .sorted()
                .map(type -> DynamicTest.dynamicTest(type.name(), () -> check(subject, type, group)));
    }

    private Findings findings(Subject subject, TensorType type) {
        return byType.computeIfAbsent(type, t -> new NumericsRules(subject).compare(t));
    }

    private void check(Subject subject, TensorType type, Group group) {
        Findings findings = findings(subject, type);
        Assumptions.assumeTrue(findings.compared().containsKey(group), findings.refusal());
        List<String> wrong = findings.wrong().get(group);
        if (!wrong.isEmpty()) {
            fail((wrong.size() < NumericsRules.ENOUGH ? "Results" : "Many results") + " on weights of type " + type
                    + " are wrong:\n" + String.join("\n", wrong));
        }
    }
}
