package dev.sparsellm.conformance;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows between modules, and other rules on what may know what. */
class ArchitectureTest {

    private static final String SPI = "dev.sparsellm.spi..";
    private static final String KERNELS = "dev.sparsellm.kernels..";
    private static final String CHESS = "dev.sparsellm.chess..";
    private static final String RUNTIME = "dev.sparsellm.runtime..";
    private static final String CONFORMANCE = "dev.sparsellm.conformance..";

    private static JavaClasses all;

    @BeforeAll
    static void read() {
        all = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .withImportOption(location -> !location.contains("-tests.jar")) // of other modules, once packaged
                .importPackages("dev.sparsellm");
        assertThat(all.stream().map(c -> c.getPackageName().split("\\.")[2]).distinct())
                .contains("spi", "kernels", "chess", "runtime", "conformance");
    }

    @Test
    void the_spi_sees_nothing_but_java_base() {
        classes().that().resideInAPackage(SPI).should().onlyDependOnClassesThat()
                .resideInAnyPackage(
                        SPI, "java.lang..", "java.util..", "java.io..", "java.net..", "java.nio..", "java.security..")
                .check(all);
    }

    @Test
    void kernels_see_only_the_spi() {
        noClasses().that().resideInAPackage(KERNELS).should().dependOnClassesThat()
                .resideInAnyPackage(CHESS, RUNTIME, CONFORMANCE)
                .check(all);
    }

    @Test
    void the_chess_plugin_never_sees_the_runtime() {
        noClasses().that().resideInAPackage(CHESS).should().dependOnClassesThat()
                .resideInAnyPackage(RUNTIME, CONFORMANCE)
                .check(all);
    }

    @Test
    void the_runtime_never_sees_a_plugin() {
        noClasses().that().resideInAPackage(RUNTIME).should().dependOnClassesThat()
                .resideInAnyPackage(CHESS, CONFORMANCE)
                .check(all);
    }

    @Test
    void the_kit_sees_only_the_spi_and_junit() {
        classes().that().resideInAPackage(CONFORMANCE).should().onlyDependOnClassesThat()
                .resideInAnyPackage(SPI, CONFORMANCE, "java..", "com.sun.management..", "org.junit.jupiter.api..")
                .check(all);
    }

    @Test
    void the_vector_api_is_known_to_kernels_alone() {
        noClasses().that().resideOutsideOfPackage(KERNELS).should().dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(all);
    }

    @Test
    void packages_have_no_cycles() {
        slices().matching("dev.sparsellm.(**)").should().beFreeOfCycles().check(all);
    }

    /** By their sources: class files have no comments. */
    @Test
    void no_public_class_is_without_javadoc() throws IOException {
        Pattern type = Pattern.compile(
                "^public (?:abstract |final |sealed |non-sealed )*(?:class|record|interface|enum|@interface) (\\w+)",
                Pattern.MULTILINE);
        List<String> bare = new ArrayList<>();
        int seen = 0;
        for (Path source : sources()) {
            String text = Files.readString(source);
            Matcher declared = type.matcher(text);
            while (declared.find()) {
                seen++;
                String before = text.substring(0, declared.start()).replaceAll("(?m)^@.*\\R", "");
                if (!before.stripTrailing().endsWith("*/")) {
                    bare.add(source.getFileName() + ": " + declared.group(1));
                }
            }
        }
        assertThat(seen).isGreaterThan(100);
        assertThat(bare).isEmpty();
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module : List.of(
                "spi", "kernels", "chess-plugin", "reference-runtime", "server", "langchain4j", "conformance-tests")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src/main/java"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        return sources;
    }
}
