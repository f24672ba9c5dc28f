package dev.sparsellm.runtime.cli;

import dev.sparsellm.spi.Report;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A provider's report.
 *
 * @param report what to show
 */
record ReportListing(Report report) {

    void print(PrintStream out) {
        List<List<String>> facts = new ArrayList<>();
        report.facts().forEach((name, value) -> facts.add(List.of(name, TextColumns.harmless(value))));
        out.print(Listing.table("", facts));
        for (Report.Table table : report.tables()) {
            out.println();
            out.println(table.title());
            List<List<String>> rows = new ArrayList<>();
            rows.add(table.columns());
            table.rows().forEach(row -> rows.add(row.stream().map(ReportListing::cell).toList()));
            out.print(Listing.table("  ", rows));
        }
    }

    /** Numbers with four digits that matter. */
    private static String cell(Object value) {
        return switch (value) {
            case Double d when d.isNaN() -> "-";
            case Double d when d == 0 || Math.abs(d) >= 1e-4 && Math.abs(d) < 1e6 ->
                String.format(Locale.ROOT, "%." + Math.clamp(3 - (int) Math.floor(Math.log10(Math.abs(d == 0 ? 1 : d))), 0, 7)
                        + "f", d);
            case Double d -> String.format(Locale.ROOT, "%.3e", d);
            default -> TextColumns.harmless(value.toString());
        };
    }

    Map<String, Object> asMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("facts", report.facts());
        map.put("tables", report.tables().stream().map(ReportListing::asMap).toList());
        return map;
    }

    private static Map<String, Object> asMap(Report.Table table) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("title", table.title());
        map.put("columns", table.columns());
        List<List<Object>> rows = new ArrayList<>();
        for (List<Object> row : table.rows()) {
            List<Object> cells = new ArrayList<>();
            // JSON has no NaN and no infinity.
            row.forEach(value -> cells.add(value instanceof Double d && !Double.isFinite(d) ? null : value));
            rows.add(cells);
        }
        map.put("rows", rows);
        return map;
    }
}
