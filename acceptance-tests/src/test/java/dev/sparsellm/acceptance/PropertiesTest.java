package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The page of properties has those that the program has. With the system property
 * {@code sparsellm.writeDocumentation=true} it is written anew instead of compared.
 */
class PropertiesTest {

    private static final String WRITE = "sparsellm.writeDocumentation";

    private static final Map<String, String> OWN = new TreeMap<>(Map.of(
            "sparsellm.cache", "folder for files of later runs: profiles, repacked weights; default the user's cache folder",
            "sparsellm.model", "the model, where `--model` names none; default the demo model",
            "sparsellm.provider", "whom to prefer, as `--provider`; default all on the path, by priority",
            "sparsellm.threads", "threads that compute, as `--threads`; default one for each processor",
            "sparsellm.vectorBits", "width of vectors: 0 (scalar code), 128, 256 or 512; default what the CPU prefers"));

    @Test
    void the_page_is_what_the_program_says() throws IOException {
        boolean write = Boolean.getBoolean(WRITE);
        System.clearProperty(WRITE); // the program knows no such property
        Path page = Documents.PROJECT.resolve("docs/properties.md");
        String text = Documents.read(page);
        String begin = "<!-- properties -->\n";
        String expected = text.substring(0, text.indexOf(begin) + begin.length()) + "\n" + tables() + "\n"
                + text.substring(text.indexOf("<!-- end of properties -->"));
        if (write) {
            Files.writeString(page, expected);
            return;
        }
        assertThat(text).as("docs/properties.md is not what the code says; it tells how to write it anew").isEqualTo(expected);
    }

    @Test
    void no_property_of_the_program_is_missing() {
        String known = CommandLine.run(List.of("providers", "-Dsparsellm.nonsense=1")).err();
        assertThat(Pattern.compile("sparsellm\\.\\w+").matcher(known.replaceFirst("(?s).*known are ", "")).results()
                        .map(MatchResult::group).distinct())
                .containsExactlyInAnyOrderElementsOf(OWN.keySet());
    }

    private static String tables() throws IOException {
        StringBuilder out = new StringBuilder("## The program's own\n\n| key | meaning |\n|---|---|\n");
        OWN.forEach((key, meaning) -> out.append("| `").append(key).append("` | ").append(meaning).append(" |\n"));
        JsonNode listed = new ObjectMapper().readTree(CommandLine.run(List.of("providers", "--json")).out());
        for (JsonNode provider : listed.get("providers")) {
            if (provider.get("settings").isEmpty()) {
                continue;
            }
            out.append("\n## ").append(provider.get("id").asText()).append(": ").append(provider.get("description").asText())
                    .append("\n\n| key | allowed | default | meaning |\n|---|---|---|---|\n");
            for (JsonNode setting : provider.get("settings")) {
                String standard = setting.get("default").asText();
                out.append("| `").append(setting.get("key").asText()).append("` | ").append(setting.get("allowed").asText())
                        .append(" | ").append(standard.isEmpty() ? "" : "`" + standard + "`").append(" | ")
                        .append(setting.get("description").asText()).append(" |\n");
            }
        }
        return out.toString();
    }
}
