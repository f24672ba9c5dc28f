package dev.sparsellm.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** What came out, as a table in Markdown: a line for each benchmark with its parameters. */
record KernelTable(List<String> lines) {

    private static final String HEAD =
            "| kernel | type | shape | sparsity | reading | threads | needed GB/s | ± | dense-equivalent GB/s | GFLOP/s | B/op |";

    static KernelTable of(Collection<RunResult> results) {
        List<String> lines = new ArrayList<>(List.of(HEAD, "|---|---|---|--:|---|--:|--:|--:|--:|--:|--:|"));
        results.forEach(result -> lines.add(line(result)));
        return new KernelTable(List.copyOf(lines));
    }

    private static String line(RunResult result) {
        BenchmarkParams params = result.getParams();
        Work work = Work.of(params);
        Result<?> calls = result.getPrimaryResult();
        double error = calls.getScoreError() / calls.getScore(); // NaN of fewer than 3 iterations
        return String.join(" | ",
                "| " + work.kernel(),
                params.getParam("type"),
                params.getParam("shape"),
                ifAny(params, "sparsity"),
                ifAny(params, "reading"),
                Integer.toString(params.getThreads()),
                number("%.2f", rate(work.neededBytes() * 1e-9, result)),
                Double.isNaN(error) ? "" : number("%.1f %%", 100 * error),
                number("%.2f", rate(work.bytes() * 1e-9, result)),
                number("%.1f", rate(work.operations() * 1e-9, result)),
                allocated(result)) + " |";
    }

    private static String ifAny(BenchmarkParams params, String name) {
        return params.getParamsKeys().contains(name) ? params.getParam(name) : "";
    }

    /** So much for each matrix, in a second. Each thread does its part of a matrix in one call, and their calls add up. */
    static double rate(double ofMatrix, RunResult result) {
        return ofMatrix * result.getPrimaryResult().getScore() / result.getParams().getThreads();
    }

    /** Bytes a call allocates; empty without {@code -prof gc}. */
    private static String allocated(RunResult result) {
        Result<?> bytes = (Result<?>) result.getSecondaryResults().get("gc.alloc.rate.norm");
        return bytes == null ? "" : number("%.1f", bytes.getScore());
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
