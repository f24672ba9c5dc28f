package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The documentation has the rules and the programs that the code has. With the system property
 * {@code sparsellm.writeDocumentation=true} it is written anew instead of compared.
 */
class DocumentationTest {

    private static final boolean WRITE = Boolean.getBoolean("sparsellm.writeDocumentation");
    private static final Path DOCS = Path.of("../docs");
    private static final Path PROGRAMS = Path.of("src/test/java/dev/sparsellm/conformance/example");

    private static final Map<String, String> THEMES = Map.ofEntries(
            Map.entry("P1", "What a provider says about itself"),
            Map.entry("P2", "Planning and preparing"),
            Map.entry("P3", "Results"),
            Map.entry("P4", "Nothing but the result"),
            Map.entry("P5", "Threads"),
            Map.entry("P6", "Memory and files"),
            Map.entry("P7", "Settings"),
            Map.entry("P8", "Approximations"),
            Map.entry("P9", "Learning from text"),
            Map.entry("H1", "Who serves"),
            Map.entry("H2", "What a host offers"),
            Map.entry("H3", "How a host runs"));

    @Test
    void the_list_of_rules_is_that_of_the_code() throws IOException {
        Path page = DOCS.resolve("conformance.md");
        String begin = "<!-- rules -->\n";
        String end = "<!-- end of rules -->";
        String text = Files.readString(page);
        int from = text.indexOf(begin) + begin.length();
        String expected = text.substring(0, from) + "\n" + list() + text.substring(text.indexOf(end));
        compare(page, text, expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"writing-a-provider.md", "hosting-the-spi.md"})
    void programs_of_the_guides_are_those_the_build_runs(String name) throws IOException {
        Path page = DOCS.resolve(name);
        String text = Files.readString(page);
        Matcher program = Pattern.compile(
                        "(<!-- program: (\\w+\\.java) -->\n).*?(<!-- end of program -->)", Pattern.DOTALL)
                .matcher(text);
        StringBuilder expected = new StringBuilder();
        int programs = 0;
        while (program.find()) {
            String source = Files.readString(PROGRAMS.resolve(program.group(2)));
            String block = program.group(1) + "\n```java\n" + source + "```\n\n" + program.group(3);
            program.appendReplacement(expected, Matcher.quoteReplacement(block));
            programs++;
        }
        program.appendTail(expected);
        assertThat(programs).isPositive();
        compare(page, text, expected.toString());
    }

    @Test
    void programs_are_as_short_as_the_guides_say() throws IOException {
        assertThat(Files.readAllLines(PROGRAMS.resolve("TopKProvider.java"))).hasSizeLessThan(150);
        assertThat(Files.readAllLines(PROGRAMS.resolve("TinyHost.java"))).hasSizeLessThan(240);
    }

    @Test
    void every_rule_has_a_number_of_its_own_that_its_test_is_named_by() {
        assertThat(rules().map(method -> method.getAnnotation(Rule.class).number())).doesNotHaveDuplicates();
        rules().forEach(method -> assertThat(method.getName())
                .startsWith(method.getAnnotation(Rule.class).number().toLowerCase(java.util.Locale.ROOT) + "_"));
    }

    /** What no provider or host here breaks, nobody knows whether it would be found. */
    @Test
    void every_rule_is_broken_by_somebody() {
        Stream<String> broken = Stream.concat(
                Arrays.stream(BrokenProvidersTest.class.getDeclaredClasses())
                        .map(c -> c.getAnnotation(BrokenProvidersTest.Breaks.class))
                        .filter(a -> a != null)
                        .map(BrokenProvidersTest.Breaks::value),
                Arrays.stream(BrokenHostsTest.class.getDeclaredClasses())
                        .map(c -> c.getAnnotation(BrokenHostsTest.Breaks.class))
                        .filter(a -> a != null)
                        .map(BrokenHostsTest.Breaks::value));
        assertThat(broken.distinct())
                .containsExactlyInAnyOrderElementsOf(
                        rules().map(method -> method.getAnnotation(Rule.class).number()).toList());
    }

    private static Stream<Method> rules() {
        return Stream.of(OperatorProviderConformance.class, HostConformance.class)
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Rule.class));
    }

    private static String list() {
        StringBuilder text = new StringBuilder();
        text.append("## Rules for providers\n");
        append(text, "P");
        text.append("\n## Rules for hosts\n");
        append(text, "H");
        return text.append('\n').toString();
    }

    private static void append(StringBuilder text, String kind) {
        List<Rule> rules = rules().map(method -> method.getAnnotation(Rule.class))
                .filter(rule -> rule.number().startsWith(kind))
                .sorted(Comparator.comparing(Rule::number))
                .toList();
        String theme = "";
        for (Rule rule : rules) {
            String own = rule.number().substring(0, 2);
            if (!own.equals(theme)) {
                theme = own;
                text.append("\n### ").append(THEMES.get(theme)).append("\n\n");
            }
            text.append("- **").append(rule.number()).append("** ").append(rule.sentence()).append(" *")
                    .append(rule.reason()).append("*\n");
        }
    }

    private static void compare(Path page, String text, String expected) throws IOException {
        if (WRITE) {
            Files.writeString(page, expected);
            return;
        }
        assertThat(text)
                .as("%s is not what the code says; docs/conformance.md says how to write it anew", page.getFileName())
                .isEqualTo(expected);
    }
}
