package dev.sparsellm.benchmarks.endtoend;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Tables in Markdown, one for each file. Figures are medians, with the least and the greatest. */
final class Report {

    private Report() {}

    static String of(List<String> machine, List<Outcome> outcomes) {
        StringBuilder text = new StringBuilder();
        machine.forEach(line -> text.append(line).append('\n'));
        for (Outcome outcome : outcomes) {
            text.append('\n').append(table(outcome));
        }
        return text.toString();
    }

    private static String table(Outcome outcome) {
        Request request = outcome.request();
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "**%s**, %.2f GB, %d thread%s, %s, %d rounds", request.title(),
                outcome.fileBytes() * 1e-9, request.threads(), request.threads() == 1 ? "" : "s", outcome.kernels(),
                request.rounds()));
        lines.add("");
        lines.add("| | prompt of " + request.promptTokens() + ", tokens/s | written " + request.tokens()
                + ", tokens/s | ÷ dense | bytes allow | GB/s |");
        lines.add("|---|--:|--:|--:|--:|--:|");
        Outcome.Row dense = outcome.rows().stream()
                .filter(row -> row.name().equals(Entrant.DENSE.name()))
                .findFirst()
                .orElseThrow();
        outcome.rows().forEach(row -> lines.add(line(row, dense)));
        return String.join("\n", lines) + "\n";
    }

    private static String line(Outcome.Row row, Outcome.Row dense) {
        double decode = median(values(row, Speeds::decode));
        return String.join(" | ",
                "| " + row.name(),
                spread(values(row, Speeds::prefill)),
                spread(values(row, Speeds::decode)),
                number("%.3f", ratio(row, dense)),
                row.limit() == 0 ? "" : number("%.3f", row.limit()),
                row.weightBytes() == 0 ? "" : number("%.1f", row.weightBytes() * decode * 1e-9)) + " |";
    }

    /** Of each round by itself, then the median: what slows the machine down for a round slows both. */
    static double ratio(Outcome.Row row, Outcome.Row dense) {
        return median(IntStream.range(0, row.rounds().size())
                .mapToDouble(i -> row.rounds().get(i).decode() / dense.rounds().get(i).decode())
                .toArray());
    }

    private static double[] values(Outcome.Row row, ToDoubleFunction<Speeds> what) {
        return row.rounds().stream().mapToDouble(what).toArray();
    }

    private static String spread(double[] values) {
        double[] sorted = values.clone();
        java.util.Arrays.sort(sorted);
        return number("%.1f", median(values)) + " (" + number("%.1f", sorted[0]) + "–"
                + number("%.1f", sorted[sorted.length - 1]) + ")";
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        java.util.Arrays.sort(sorted);
        int n = sorted.length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
