package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a provider says about itself. */
final class DiscoveryRules {

    private static final String VECTOR_API = "jdk.incubator.vector.";

    private final OperatorProvider provider;

    DiscoveryRules(OperatorProvider provider) {
        this.provider = provider;
    }

    void id() {
        String id = provider.id();
        assertTrue(
                id != null && id.matches("[a-z][a-z0-9-]*"),
                () -> "The id is '" + id + "': write a lower-case letter, then lower-case letters, digits and hyphens");
        assertEquals(id, provider.id(), "id() gives another answer when asked again");
    }

    void found(ClassLoader loader) {
        ProviderCatalog catalog = ProviderCatalog.discover(loader);
        Class<?> type = provider.getClass();
        List<String> own = catalog.broken().stream().filter(fault -> fault.contains(type.getName())).toList();
        if (!own.isEmpty()) {
            fail("Found, and broken: " + own);
        }
        if (catalog.providers().stream().noneMatch(found -> found.provider().getClass() == type)) {
            fail("ServiceLoader does not find " + type.getName() + ": name it in META-INF/services/"
                    + OperatorProvider.class.getName() + " and in a provides clause of the module");
        }
    }

    void apiLevel() {
        assertEquals(ApiLevel.CURRENT, provider.apiLevel(), "apiLevel() must return ApiLevel.CURRENT, here");
    }

    void loadsAnywhere() {
        List<String> mentions = new ArrayList<>();
        for (Class<?> type = provider.getClass(); type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                add(mentions, field.getName(), field.getGenericType());
            }
            for (Method method : type.getDeclaredMethods()) {
                if (!Modifier.isPrivate(method.getModifiers())) {
                    add(mentions, method.getName(), method.getGenericReturnType());
                    Arrays.stream(method.getGenericParameterTypes()).forEach(t -> add(mentions, method.getName(), t));
                }
            }
            add(mentions, type.getName(), type.getGenericSuperclass());
        }
        assertTrue(mentions.isEmpty(), () -> "The provider's class mentions the Vector API in " + mentions
                + ", and will not load where that is absent: move this to a class of its own");
    }

    private static void add(List<String> mentions, String where, Type type) {
        if (type.getTypeName().contains(VECTOR_API)) {
            mentions.add(where);
        }
    }

    void availability() {
        Availability availability = provider.availability();
        assertNotNull(availability, "availability() gives null");
        assertEquals(availability, provider.availability(), "availability() gives another answer when asked again");
        if (availability instanceof Availability.Unusable(String reason, String remedy)) {
            assertTrue(reason != null && !reason.isBlank(), "Unusable, without a reason");
            assertNotNull(remedy, "The remedy is null; where nothing helps it is empty");
            fail("This provider cannot be tested here: " + reason + "; " + remedy);
        }
    }

    void listing() {
        String text = provider.description();
        assertTrue(
                text != null && text.lines().count() <= 1 && !text.endsWith("."),
                () -> "The description is '" + text + "': write one line without a full stop");
    }
}
