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

    /** More are not shown: the first few say what is wrong. */
    private static final int SHOWN = 8;

    private final Map<TensorType, Findings> byType = new EnumMap<>(TensorType.class);

    /** A test for each type of weights. */
    Stream<DynamicTest> tests(Subject subject, Set<TensorType> types, Group group) {
        List<TensorType> sorted = types.stream().sorted().toList();
        // The first type shows whether the provider has such operators at all.
        Findings first = findings(subject, sorted.getFirst());
        Assumptions.assumeTrue(
                first.compared().isEmpty() || first.compared().containsKey(group),
                "the provider has no such operators");
        return sorted.stream()
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
            fail(wrong.size() + " results on weights of type " + type + " are wrong, such as\n"
                    + String.join("\n", wrong.subList(0, Math.min(SHOWN, wrong.size()))));
        }
    }
}
