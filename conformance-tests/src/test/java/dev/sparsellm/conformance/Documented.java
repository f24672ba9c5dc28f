package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Figures in tables of the documentation, for tests that compute them again. */
final class Documented {

    private Documented() {}

    /**
     * A figure of a table in {@code docs/quality.md}.
     *
     * @param row what the row begins with; of one row only
     * @param column from 1, the row's name being 0
     */
    static double quality(String row, int column) throws IOException {
        List<String> rows = Files.readAllLines(Path.of("../docs/quality.md")).stream()
                .filter(line -> line.startsWith("| " + row + " |"))
                .toList();
        assertThat(rows).as("rows of docs/quality.md that begin with '%s'", row).hasSize(1);
        String[] cells = rows.getFirst().split("\\|");
        return Double.parseDouble(cells[1 + column].replace("*", "").strip());
    }
}
