package dev.sparsellm.spi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Something to show to a person or to hand to a program.
 *
 * @param facts names and values, in order
 * @param tables in order
 */
public record Report(Map<String, String> facts, List<Table> tables) {

    public Report {
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
        tables = List.copyOf(tables);
    }

    /**
     * A table.
     *
     * @param title what it shows, with units
     * @param columns headings
     * @param rows a value for each column: {@link String}, {@link Long} or {@link Double}, NaN where there is none
     */
    public record Table(String title, List<String> columns, List<List<Object>> rows) {

        public Table {
            columns = List.copyOf(columns);
            rows = rows.stream().map(List::copyOf).toList();
            for (List<Object> row : rows) {
                if (row.size() != columns.size()) {
                    throw new IllegalArgumentException(
                            "Table '" + title + "' has " + columns.size() + " columns, a row of it " + row.size());
                }
            }
        }
    }
}
