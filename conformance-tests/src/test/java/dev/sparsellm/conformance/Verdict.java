package dev.sparsellm.conformance;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs the kit on something, and says which rules it breaks. */
final class Verdict {

    private static final Pattern RULE = Pattern.compile("\\[(?:method|test-factory):([ph]\\d{3})_");

    private Verdict() {}

    /** Numbers of the rules that fail. */
    static Set<String> on(Class<?> subject) {
        EngineExecutionResults results =
                EngineTestKit.engine("junit-jupiter").selectors(selectClass(subject)).execute();
        if (results.testEvents().succeeded().count() == 0) {
            throw new AssertionError("Nothing succeeded on " + subject);
        }
        Set<String> rules = new TreeSet<>();
        results.allEvents().failed().stream().forEach(event -> rules.add(ruleOf(event.getTestDescriptor())));
        return rules;
    }

    private static String ruleOf(TestDescriptor test) {
        Matcher rule = RULE.matcher(test.getUniqueId().toString());
        return rule.find() ? rule.group(1).toUpperCase(java.util.Locale.ROOT) : test.getUniqueId().toString();
    }
}
