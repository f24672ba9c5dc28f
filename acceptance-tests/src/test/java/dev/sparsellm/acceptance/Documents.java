package dev.sparsellm.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The pages of the documentation, and the commands on them. */
final class Documents {

    static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    private Documents() {}

    static List<Path> pages() {
        try (Stream<Path> docs = Files.list(PROJECT.resolve("docs"))) {
            return Stream.concat(Stream.of(PROJECT.resolve("README.md")), docs.filter(p -> p.toString().endsWith(".md")))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String read(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What stands between two comments. */
    static String between(String text, String name) {
        String begin = "<!-- " + name + " -->\n";
        String end = "<!-- end of " + name + " -->";
        return text.substring(text.indexOf(begin) + begin.length(), text.indexOf(end));
    }

    /** The lines of all blocks for a shell, continued lines joined, without comments. */
    static List<String> commands(String text) {
        List<String> commands = new ArrayList<>();
        boolean shell = false;
        StringBuilder line = new StringBuilder();
        for (String raw : text.lines().toList()) {
            if (raw.startsWith("```")) {
                shell = !shell && raw.equals("```sh");
                continue;
            }
            if (!shell) {
                continue;
            }
            if (raw.endsWith("\\")) {
                line.append(raw, 0, raw.length() - 1);
                continue;
            }
            commands.add(line.append(raw.replaceFirst("\\s+# .*$", "")).toString().strip());
            line.setLength(0);
        }
        return commands;
    }

    /** As a shell would take it apart; nothing is put in place of variables. */
    static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        char quote = 0;
        boolean begun = false;
        for (char c : command.toCharArray()) {
            if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else {
                    word.append(c);
                }
            } else if (c == '"' || c == '\'') {
                quote = c;
                begun = true;
            } else if (c == ' ') {
                if (begun) {
                    words.add(word.toString());
                }
                word.setLength(0);
                begun = false;
            } else {
                word.append(c);
                begun = true;
            }
        }
        if (begun) {
            words.add(word.toString());
        }
        return words;
    }
}
