package dev.sparsellm.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The pages of the documentation, and the commands on them. */
final class Documents {

    static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    private static final String SHELL = "```sh";
    private static final Pattern SPAN = Pattern.compile("`(\\./sparsellm [^`]+)`");

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

    /**
     * A line that a reader may type.
     *
     * @param mark what stands behind {@code sh} at the head of its block
     */
    record Command(String text, String mark) {}

    /** The lines of all blocks for a shell. */
    static List<String> commands(String text) {
        return lines(text, false).stream().map(Command::text).toList();
    }

    /** Those, and commands of ours in the middle of a sentence, in the order of the page. */
    static List<Command> allCommands(String text) {
        return lines(text, true);
    }

    /** Continued lines joined, without comments. */
    private static List<Command> lines(String text, boolean sentences) {
        List<Command> commands = new ArrayList<>();
        String block = null; // its head
        StringBuilder line = new StringBuilder();
        for (String raw : text.lines().toList()) {
            if (raw.startsWith("```")) {
                block = block == null ? raw : null;
            } else if (block == null) {
                Matcher span = SPAN.matcher(raw);
                while (sentences && span.find()) {
                    commands.add(new Command(span.group(1), ""));
                }
            } else if (block.equals(SHELL) || block.startsWith(SHELL + " ")) {
                if (raw.endsWith("\\")) {
                    line.append(raw, 0, raw.length() - 1);
                    continue;
                }
                String whole = line.append(raw.replaceFirst("\\s+# .*$", "")).toString().strip();
                commands.add(new Command(whole, block.substring(SHELL.length()).strip()));
                line.setLength(0);
            }
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
