package dev.sparsellm.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What providers and hosts compile against does not change by accident: its signatures are those in {@code api.txt}. A
 * change that is meant is written there with {@code -Dsparsellm.writeDocumentation=true}, for reviewers to see, and
 * {@link ApiLevel} says what it does to providers that are built already. With a released jar as baseline,
 * {@code -Dspi.baseline=FILE} compares the two by japicmp as well.
 */
class ApiSignatureTest {

    private static final Path CLASSES = Path.of("target/classes");
    private static final Path BASELINE = Path.of("src/test/resources/dev/sparsellm/spi/api.txt");

    @Test
    void signatures_are_those_of_the_baseline() throws Exception {
        String seen = String.join("\n", signatures()) + "\n";
        if (Boolean.getBoolean("sparsellm.writeDocumentation")) {
            Files.createDirectories(BASELINE.getParent());
            Files.writeString(BASELINE, seen);
        }
        assertThat(seen.lines().toList())
                .as("The SPI is not what %s says. Where that is meant: -Dsparsellm.writeDocumentation=true", BASELINE)
                .containsExactlyElementsOf(Files.readAllLines(BASELINE));
    }

    private static TreeSet<String> signatures() throws IOException, ClassNotFoundException {
        TreeSet<String> all = new TreeSet<>();
        List<String> names;
        try (Stream<Path> files = Files.walk(CLASSES)) {
            names = files.map(file -> CLASSES.relativize(file).toString())
                    .filter(name -> name.endsWith(".class") && !name.endsWith("-info.class"))
                    .map(name -> name.substring(0, name.length() - 6).replace('/', '.').replace('\\', '.'))
                    .toList();
        }
        for (String name : names) {
            Class<?> type = Class.forName(name, false, ApiSignatureTest.class.getClassLoader());
            if (isVisible(type)) {
                describe(type, all);
            }
        }
        return all;
    }

    private static boolean isVisible(Class<?> type) {
        return isVisible(type.getModifiers()) && (type.getDeclaringClass() == null || isVisible(type.getDeclaringClass()));
    }

    private static boolean isVisible(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    private static void describe(Class<?> type, TreeSet<String> all) {
        String sealed = type.isSealed() ? " permits " + Arrays.toString(type.getPermittedSubclasses()) : "";
        all.add(type.toGenericString() + " extends " + type.getGenericSuperclass() + " implements "
                + Arrays.toString(type.getGenericInterfaces()) + sealed);
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            add(constructor, all);
        }
        for (Method method : type.getDeclaredMethods()) {
            add(method, all);
        }
        for (Field field : type.getDeclaredFields()) {
            if (isVisible(field.getModifiers()) && !field.isSynthetic()) {
                all.add(field.toGenericString());
            }
        }
    }

    private static void add(Executable executable, TreeSet<String> all) {
        if (isVisible(executable.getModifiers()) && !executable.isSynthetic()) {
            all.add(executable.toGenericString() + (executable instanceof Method method && method.isDefault() ? " (default)" : ""));
        }
    }
}
