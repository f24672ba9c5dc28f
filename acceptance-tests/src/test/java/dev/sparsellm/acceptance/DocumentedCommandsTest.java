package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every command on a page is one that the program understands, options and all, as it stands there;
 * {@link DocumentedCommandsIT} runs them, shortened. And pages lead to one another.
 */
class DocumentedCommandsTest {

    /** Stands behind each command: where it is the first thing not understood, all before it was. */
    private static final String NO_OPTION = "--no-such-option";

    static Stream<String> commands() {
        return Documents.pages().stream()
                .flatMap(page -> Documents.allCommands(Documents.read(page)).stream())
                .map(Documents.Command::text)
                .filter(command -> command.matches("(\\w+=\\S+ )*(\\./|\\S*/bin/)sparsellm (?!COMMAND |--version).*"));
    }

    /** Parts of commands in sentences, such as {@code bench -p 32 -n 8}, not those that only name an option. */
    static Stream<String> parts() {
        Pattern span = Pattern.compile("`([a-z-]+) ([^`\n]* )?-[^`\n]* [^`\n-][^`\n]*`");
        List<String> known = Pattern.compile("(?m)^\\| `([a-z-]+)` \\|")
                .matcher(Documents.read(Documents.PROJECT.resolve("README.md")))
                .results()
                .map(row -> row.group(1))
                .toList();
        return Documents.pages().stream()
                .flatMap(page -> span.matcher(Documents.read(page)).results())
                .filter(found -> known.contains(found.group(1)))
                .map(found -> "./sparsellm " + found.group().replace("`", "") + missing(found.group()));
    }

    /** What a part leaves out that its command has to have. */
    private static String missing(String part) {
        if (!part.startsWith("`synthesize ")) {
            return "";
        }
        return (part.contains(" --shape ") ? "" : " --shape llama-3.2-1b") + (part.contains(" -o ") ? "" : " -o x");
    }

    @ParameterizedTest
    @MethodSource({"commands", "parts"})
    void every_command_is_understood(String command) {
        List<String> words = new ArrayList<>(Documents.words(command));
        while (!words.getFirst().endsWith("/sparsellm")) {
            words.removeFirst(); // variables of the environment
        }
        words.removeFirst();
        words.removeIf(word -> word.equals("&"));
        words.add(NO_OPTION);
        CommandLine run = CommandLine.run(words);
        assertThat(run.err()).contains("Unknown option '" + NO_OPTION + "'");
    }

    @Test
    void there_are_commands_to_check() {
        assertThat(commands()).hasSizeGreaterThan(20);
        assertThat(parts()).hasSizeGreaterThan(4);
    }

    @Test
    void every_link_between_pages_leads_somewhere() {
        Pattern link = Pattern.compile("\\]\\(([^)#\\s]*)(#[^)\\s]*)?\\)");
        List<String> broken = new ArrayList<>();
        for (Path page : Documents.pages()) {
            Matcher found = link.matcher(Documents.read(page));
            while (found.find()) {
                String target = found.group(1);
                if (target.startsWith("http")) {
                    continue;
                }
                Path file = target.isEmpty() ? page : page.resolveSibling(target);
                if (!Files.exists(file)) {
                    broken.add(page.getFileName() + ": " + target);
                } else if (found.group(2) != null && !anchors(file).contains(found.group(2))) {
                    broken.add(page.getFileName() + ": " + target + found.group(2));
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    /** Those that GitHub makes of headings. */
    private static List<String> anchors(Path page) {
        return Documents.read(page).lines()
                .filter(line -> line.startsWith("#"))
                .map(line -> "#" + line.replaceFirst("#+ ", "").toLowerCase(java.util.Locale.ROOT)
                        .replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
                .toList();
    }
}
