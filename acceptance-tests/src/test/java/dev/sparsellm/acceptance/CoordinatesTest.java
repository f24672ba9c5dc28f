package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Names and versions of artifacts, wherever they are written: modules, BOM, pages, catalogue for JBang. */
class CoordinatesTest {

    private static final String BOM = Documents.read(Documents.PROJECT.resolve("bom/pom.xml"));
    private static final String VERSION = all(BOM, "<version>(\\d[^<]*)</version>").getFirst();
    private static final List<String> MODULES = all(BOM.substring(BOM.indexOf("<dependencies>")),
            "<artifactId>([^<]+)</artifactId>");

    private static List<String> all(String text, String pattern) {
        return Pattern.compile(pattern).matcher(text).results().map(found -> found.group(1)).toList();
    }

    @Test
    void the_bom_has_the_modules_that_are_published() {
        String parent = Documents.read(Documents.PROJECT.resolve("pom.xml"));
        assertThat(parent).contains("<version>" + VERSION + "</version>");
        assertThat(all(parent, "<module>([^<]+)</module>").stream()
                        .filter(module -> !module.equals("bom"))
                        .filter(module -> !Documents.read(Documents.PROJECT.resolve(module).resolve("pom.xml"))
                                .contains("<maven.deploy.skip>true"))
                        .map("sparsellm-"::concat))
                .containsExactlyInAnyOrderElementsOf(MODULES);
    }

    @Test
    void pages_name_for_maven_and_gradle_what_the_bom_has() {
        Pattern maven = Pattern.compile("<groupId>dev\\.sparsellm</groupId>\\s*<artifactId>([^<]+)</artifactId>"
                + "(?:\\s*<version>([^<]+)</version>)?");
        Pattern gradle = Pattern.compile("\"dev\\.sparsellm:([^:\"]+)(?::([^\"]+))?\"");
        List<MatchResult> named = Documents.pages().stream()
                .map(Documents::read)
                .flatMap(text -> Stream.of(maven, gradle).flatMap(pattern -> pattern.matcher(text).results()))
                .toList();
        assertThat(named).hasSizeGreaterThan(4);
        for (MatchResult one : named) {
            if (one.group(1).equals("sparsellm-bom")) {
                assertThat(one.group(2)).isEqualTo(VERSION);
            } else {
                assertThat(MODULES).contains(one.group(1));
                assertThat(one.group(2)).isIn(null, VERSION);
            }
        }
    }

    @Test
    void the_page_on_the_library_says_of_each_module_what_it_is_for() {
        String page = Documents.read(Documents.PROJECT.resolve("docs/library.md"));
        String rows = String.join("\n", all(page, "(?m)^\\| (`.*`) \\|"));
        assertThat(all(rows, "`(sparsellm-[a-z0-9-]+)`")).containsExactlyInAnyOrderElementsOf(MODULES);
    }

    @Test
    void the_catalogue_for_jbang_names_the_command_line_and_the_plugin() throws IOException {
        var alias = new ObjectMapper().readTree(Documents.read(Documents.PROJECT.resolve("jbang-catalog.json")))
                .at("/aliases/sparsellm");
        assertThat(alias.get("script-ref").asText()).isEqualTo("dev.sparsellm:sparsellm-server:" + VERSION);
        assertThat(alias.get("dependencies")).hasSize(1);
        assertThat(alias.at("/dependencies/0").asText()).isEqualTo("dev.sparsellm:sparsellm-chess-plugin:" + VERSION);
        assertThat(alias.get("main").asText()).isEqualTo(dev.sparsellm.runtime.cli.Main.class.getName());
        assertThat(alias.get("java").asText()).isEqualTo("25+");
    }
}
