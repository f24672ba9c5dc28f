package dev.sparsellm.server;

import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Usage;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import java.util.function.ToDoubleFunction;

/** What Prometheus asks for, in its text format 0.0.4. Safe for any thread. */
final class Metrics {

    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** What a provider has done. */
    private static final class Sums {

        private long promptTokens;
        private long tokens;
        private long prefillNanos;
        private long decodeNanos;
        private double latest;
        private final Map<OperatorKind, Usage> usage = new TreeMap<>();
    }

    private record Answered(String path, int status) implements Comparable<Answered> {

        @Override
        public int compareTo(Answered other) {
            int paths = path.compareTo(other.path);
            return paths != 0 ? paths : Integer.compare(status, other.status);
        }
    }

    private final Map<Answered, Long> answered = new TreeMap<>();
    private final Map<String, Sums> providers = new TreeMap<>();
    private long cancelled;
    private IntSupplier waiting = () -> 0;
    private IntSupplier running = () -> 0;

    Metrics() {}

    synchronized void watch(IntSupplier waiting, IntSupplier running) {
        this.waiting = waiting;
        this.running = running;
    }

    synchronized void answered(String path, int status) {
        answered.merge(new Answered(path, status), 1L, Long::sum);
    }

    synchronized void cancelled() {
        cancelled++;
    }

    synchronized void generated(String provider, Job.Progress progress) {
        Sums sums = providers.computeIfAbsent(provider, name -> new Sums());
        sums.promptTokens += progress.promptTokens();
        sums.tokens += progress.tokens();
        sums.prefillNanos += progress.prefillNanos();
        sums.decodeNanos += progress.decodeNanos();
        if (progress.passes() > 0) {
            sums.latest = progress.tokensPerSecond();
        }
        progress.usage().forEach((OperatorKey key, Usage usage) -> {
            if (usage.channels() > 0) {
                sums.usage.merge(key.kind(), usage, Usage::plus);
            }
        });
    }

    synchronized String text() {
        StringBuilder out = new StringBuilder();
        head(out, "requests_total", "counter", "Requests answered");
        answered.forEach((key, count) -> line(out, "requests_total",
                "path=\"" + key.path + "\",status=\"" + key.status + "\"", count));
        head(out, "requests_cancelled_total", "counter", "Generations ended because the client went or time was up");
        line(out, "requests_cancelled_total", "", cancelled);
        head(out, "requests_waiting", "gauge", "Requests in the queue");
        line(out, "requests_waiting", "", waiting.getAsInt());
        head(out, "requests_running", "gauge", "Requests under way");
        line(out, "requests_running", "", running.getAsInt());
        each(out, "prompt_tokens_total", "counter", "Tokens read", sums -> sums.promptTokens);
        each(out, "prompt_seconds_total", "counter", "Time spent reading", sums -> sums.prefillNanos * 1e-9);
        each(out, "tokens_total", "counter", "Tokens written", sums -> sums.tokens);
        each(out, "seconds_total", "counter", "Time spent writing", sums -> sums.decodeNanos * 1e-9);
        each(out, "tokens_per_second", "gauge", "Speed of writing, of the last request", sums -> sums.latest);
        eachOperator(out, "channels_total", "counter", "Channels an exact operator would have computed while writing",
                Usage::channels);
        eachOperator(out, "channels_kept_total", "counter", "Channels computed while writing", Usage::kept);
        eachOperator(out, "sparsity", "gauge", "Share of channels left out while writing, 0 to 1", Usage::sparsity);
        eachOperator(out, "weight_bytes_dense_total", "counter", "Bytes of weights an exact operator would have read",
                Usage::bytesDense);
        eachOperator(out, "weight_bytes_read_total", "counter", "Bytes of weights read", Usage::bytesRead);
        return out.toString();
    }

    private void each(StringBuilder out, String name, String type, String help, ToDoubleFunction<Sums> value) {
        head(out, name, type, help);
        providers.forEach((provider, sums) ->
                line(out, name, "provider=\"" + escape(provider) + "\"", value.applyAsDouble(sums)));
    }

    private void eachOperator(StringBuilder out, String name, String type, String help, ToDoubleFunction<Usage> value) {
        head(out, name, type, help);
        providers.forEach((provider, sums) -> sums.usage.forEach((kind, usage) -> line(out, name,
                "provider=\"" + escape(provider) + "\",operator=\"" + kind.name().toLowerCase(Locale.ROOT) + "\"",
                value.applyAsDouble(usage))));
    }

    private static void head(StringBuilder out, String name, String type, String help) {
        out.append("# HELP sparsellm_").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE sparsellm_").append(name).append(' ').append(type).append('\n');
    }

    private static void line(StringBuilder out, String name, String labels, double value) {
        out.append("sparsellm_").append(name);
        if (!labels.isEmpty()) {
            out.append('{').append(labels).append('}');
        }
        out.append(' ');
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            out.append((long) value);
        } else {
            out.append(value);
        }
        out.append('\n');
    }

    private static String escape(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
