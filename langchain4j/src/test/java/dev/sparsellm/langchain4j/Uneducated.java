package dev.sparsellm.langchain4j;

import java.util.Set;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Leaves out the tests of a suite that expect an answer only an educated model gives, such as Germany's capital. What
 * they are after is in {@link SparseLlmModelsTest}, with answers that fairy tales have.
 */
final class Uneducated implements ExecutionCondition {

    private static final Set<String> TESTS = Set.of(
            "should_respect_user_message",
            "should_respect_system_message",
            "should_respect_multiple_messages",
            "should_respect_stopSequences_in_chat_request",
            "should_respect_stopSequences_in_default_model_parameters",
            "should_propagate_user_exceptions_thrown_from_onPartialResponse",
            "should_propagate_user_exceptions_thrown_from_onCompleteResponse",
            "should_ignore_user_exceptions_thrown_from_onError");

    Uneducated() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return context.getTestMethod().filter(method -> TESTS.contains(method.getName())).isPresent()
                ? ConditionEvaluationResult.disabled("asks for knowledge that the demo model does not have")
                : ConditionEvaluationResult.enabled("");
    }
}
