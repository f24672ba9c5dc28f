package dev.sparsellm.acceptance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** How the commands of the pages are run: the table in {@code documented-commands.md}. */
final class CommandTable {

    enum How { HERE, LAUNCHER, SHELL, CI, NO }

    /**
     * @param begins what a command begins with, without {@code ./sparsellm}
     * @param with options and their values, and properties
     */
    record Row(String begins, How how, List<String> with, String because) {

        /** What is run in place of what the page has. */
        List<String> applied(List<String> words) {
            List<String> changed = new ArrayList<>(words);
            for (int i = 0; i < with.size(); i++) {
                String word = with.get(i);
                if (word.startsWith("-D")) {
                    String key = word.substring(0, word.indexOf('=') + 1);
                    if (changed.stream().noneMatch(other -> other.startsWith(key))) {
                        changed.add(word);
                    }
                    continue;
                }
                String value = with.get(++i);
                int at = changed.indexOf(word);
                if (at < 0) {
                    changed.addAll(List.of(word, value));
                } else {
                    changed.set(at + 1, value);
                }
            }
            return changed;
        }
    }

    private final List<Row> rows;

    CommandTable() {
        try (InputStream in = CommandTable.class.getResourceAsStream("documented-commands.md")) {
            rows = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                    .filter(line -> line.startsWith("| ") && !line.startsWith("| begins with"))
                    .map(line -> Arrays.stream(line.substring(2).split("\\|")).map(String::strip).toList())
                    .map(cells -> new Row(cells.get(0), How.valueOf(cells.get(1).toUpperCase(java.util.Locale.ROOT)),
                            cells.get(2).isEmpty() ? List.of() : List.of(cells.get(2).split(" ")), cells.get(3)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Row> rows() {
        return rows;
    }

    /** The first row for a command, which may be ours or any. */
    Optional<Row> of(String command) {
        String own = command.replaceFirst("^(\\w+=\\S+ )*(\\./|dist/\\S*/bin/)sparsellm ", "");
        return rows.stream()
                .filter(row -> (own + " ").startsWith(row.begins.endsWith("/") ? row.begins : row.begins + " "))
                .findFirst();
    }
}
