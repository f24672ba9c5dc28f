package dev.sparsellm.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Leaves out a run with vectors of 256 bits where the processor has none wider. */
final class WidthNotSeen implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        boolean repeated = "256".equals(System.getProperty("sparsellm.test.width")) && widestIs256();
        return repeated
                ? ConditionEvaluationResult.disabled("the first run had vectors of 256 bits, the widest of this processor")
                : ConditionEvaluationResult.enabled("a width not tested before");
    }

    /** By the processor and not the JVM, which may be told to do without. Where nothing is known, no. */
    private static boolean widestIs256() {
        Path processors = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(processors)) {
            return false;
        }
        try {
            String flags = Files.readString(processors);
            return flags.contains(" avx2 ") && !flags.contains(" avx512f ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
