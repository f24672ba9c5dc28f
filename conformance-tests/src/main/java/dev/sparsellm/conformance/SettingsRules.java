package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.SettingsException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/** What users may tune. */
final class SettingsRules {

    private final Subject subject;

    SettingsRules(Subject subject) {
        this.subject = subject;
    }

    private List<Setting> declared() {
        return subject.provider().settings();
    }

    private Plan plan(Map<String, String> values) {
        ModelDescription model =
                TinyModel.of(subject.capabilities().someType()).description();
        return subject.provider().plan(model, new Settings(declared(), values));
    }

    void declarations() {
        Set<String> keys = new HashSet<>();
        for (Setting setting : declared()) {
            assertTrue(keys.add(setting.key()), () -> setting.key() + " is declared twice");
            assertTrue(
                    setting.key().startsWith(subject.provider().id() + "."),
                    () -> setting.key() + " does not begin with the provider's id, " + subject.provider().id());
            assertTrue(
                    setting.description().lines().count() == 1 && !setting.description().isBlank(),
                    () -> setting.key() + " needs a description of one line, for help");
        }
        assertEquals(declared(), subject.provider().settings(), "settings() gives another answer when asked again");
    }

    void everyAllowedValue() {
        for (Setting setting : declared()) {
            for (String value : samples(setting.type())) {
                try {
                    plan(Map.of(setting.key(), value));
                } catch (SettingsException doNotGoTogether) {
                    assertTrue(
                            doNotGoTogether.getMessage().contains(setting.key()),
                            () -> setting.key() + "=" + value + " is refused with '" + doNotGoTogether.getMessage()
                                    + "', which does not name the key");
                } catch (RuntimeException e) {
                    fail(setting.key() + "=" + value + ", which is allowed, fails with", e);
                }
            }
        }
    }

    private static List<String> samples(Setting.Type type) {
        return switch (type) {
            case Setting.Type.Choice choice -> choice.values();
            case Setting.Type.Flag flag -> List.of("true", "false");
            case Setting.Type.Decimal decimal -> {
                List<String> values = new ArrayList<>(decimal.orWords());
                values.add(Double.toString(decimal.min()));
                values.add(Double.toString(decimal.max()));
                values.add(Double.toString(decimal.min() / 2 + decimal.max() / 2));
                yield values;
            }
            case Setting.Type.PathName path -> List.of("no-such-file");
        };
    }

    void conflicts(List<Map<String, String>> conflicts) {
        Assumptions.assumeFalse(conflicts.isEmpty(), "no settings are named that do not go together");
        for (Map<String, String> values : conflicts) {
            SettingsException e = assertThrows(
                    SettingsException.class, () -> plan(values),
                    () -> values + " do not go together, and are accepted");
            assertTrue(
                    values.keySet().stream().anyMatch(e.getMessage()::contains),
                    () -> values + " are refused with '" + e.getMessage() + "', which names none of these keys");
        }
    }

    /** Two instances of a model with different settings run side by side, which a property cannot tell apart. */
    void noSystemProperties() {
        Set<OperatorKey> expected = plan(subject.values()).taken();
        for (Setting setting : declared()) {
            List<String> samples = samples(setting.type());
            for (String value : List.of(samples.getFirst(), samples.getLast(), "not-a-value")) {
                String before = System.getProperty(setting.key());
                System.setProperty(setting.key(), value);
                try {
                    assertEquals(expected, plan(subject.values()).taken(),
                            () -> "The system property " + setting.key() + "=" + value + " changes the plan");
                } catch (RuntimeException e) {
                    fail("The system property " + setting.key() + "=" + value + " was read", e);
                } finally {
                    if (before == null) {
                        System.clearProperty(setting.key());
                    } else {
                        System.setProperty(setting.key(), before);
                    }
                }
            }
        }
    }
}
