package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What the modules come with is what docs/dependencies.md says, by the bills of materials of the modules packaged
 * before this one. With {@code -Dsparsellm.writeDocumentation=true} the list is written anew.
 */
class DependenciesTest {

    private static final Path PAGE = Path.of("../docs/dependencies.md");
    private static final String BEGIN = "<!-- shipped -->\n";
    private static final String END = "<!-- end of shipped -->";
    /** With what comes to the program first: {@code langchain4j} is for those who write programs of their own. */
    private static final List<String> MODULES =
            List.of("spi", "kernels", "chess-plugin", "reference-runtime", "server", "langchain4j");
    private static final Set<String> ALLOWED = Set.of("Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause");

    @Test
    void the_list_is_that_of_the_bills_of_materials() throws IOException {
        Map<String, JsonNode> parts = new TreeMap<>();
        Map<String, String> users = new HashMap<>();
        int bills = 0;
        for (String module : MODULES) {
            Path bill = Path.of("..", module, "target", "bom.json");
            if (Files.exists(bill)) {
                bills++;
                new ObjectMapper().readTree(bill.toFile()).path("components").forEach(part -> {
                    if (!part.path("group").asText().equals("dev.sparsellm")) {
                        parts.put(part.path("purl").asText(), part);
                        users.putIfAbsent(
                                part.path("purl").asText(), module.equals("langchain4j") ? module : "the program");
                    }
                });
            }
        }
        Assumptions.assumeTrue(bills == MODULES.size(), "bills of materials are made in phase package: run mvn verify");
        String page = Files.readString(PAGE);
        int from = page.indexOf(BEGIN) + BEGIN.length();
        String expected = page.substring(0, from) + "\n| library | version | licence | comes with |\n|---|---|---|---|\n"
                + parts.entrySet().stream()
                        .map(part -> line(part.getValue(), users.get(part.getKey())))
                        .sorted()
                        .collect(Collectors.joining())
                + "\n" + page.substring(page.indexOf(END));
        if (Boolean.getBoolean("sparsellm.writeDocumentation")) {
            Files.writeString(PAGE, expected);
            return;
        }
        assertThat(page).as("docs/dependencies.md is not what is shipped; write it anew as it says")
                .isEqualTo(expected);
    }

    private static String line(JsonNode part, String user) {
        List<String> licences = new ArrayList<>();
        part.path("licenses").forEach(entry -> {
            JsonNode licence = entry.path("license");
            licences.add(licence.path("id").asText(licence.path("name").asText(entry.path("expression").asText())));
        });
        if (part.path("group").asText().equals("org.jline")) {
            // Its POM says "The BSD License", which is taken for the oldest, and links to the text of this one.
            licences.replaceAll(licence -> licence.equals("BSD-4-Clause") ? "BSD-3-Clause" : licence);
        }
        String name = part.path("group").asText() + ":" + part.path("name").asText();
        assertThat(licences).as("licence of %s", name).isNotEmpty();
        assertThat(ALLOWED).as("licences of %s", name).containsAnyElementsOf(licences);
        return "| `%s` | %s | %s | %s |%n"
                .formatted(name, part.path("version").asText(), String.join(", ", licences), user);
    }
}
