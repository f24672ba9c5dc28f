package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sparsellm.conformance.Hosting.Heard;
import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;

/** What a host tells providers, and does for them. */
final class ServiceRules {

    private static final int THREADS = 3;

    private final Hosting hosting;

    ServiceRules(Hosting hosting) {
        this.hosting = hosting;
    }

    /** Lets a check see the host through a provider's eyes, while a session is open. */
    @SuppressWarnings("try") // the session is there to be open, nothing more
    private void with(Heard heard, Consumer<Probe> check) {
        Probe probe = Probe.ofAll("probe");
        try (HostedModel model = hosting.open(heard, Map.of(), THREADS, List.of("probe"), probe)) {
            // A host may prepare only when a session is opened.
            HostedSession session = model.newSession();
            check.accept(probe);
            session.close();
        }
    }

    void description() {
        with(new Heard(), probe -> {
            ModelDescription model = probe.model;
            ModelShape s = model.shape();
            int queries = s.heads() * s.headDim();
            int keys = s.kvHeads() * s.headDim();
            assertTrue(model.fingerprint().matches("[0-9a-f]{8,}"),
                    () -> "The fingerprint '" + model.fingerprint() + "' is not lower-case hexadecimal");
            assertEquals(s.layers(), model.layers().size(), "layers in the shape and in the list");
            assertEquals(0, s.heads() % s.kvHeads(), "heads is a multiple of kvHeads");
            for (LayerWeights w : model.layers()) {
                isShaped(w.query(), queries, s.dim());
                isShaped(w.key(), keys, s.dim());
                isShaped(w.value(), keys, s.dim());
                isShaped(w.attentionOutput(), s.dim(), queries);
                isShaped(w.gate(), s.ffn(), s.dim());
                isShaped(w.up(), s.ffn(), s.dim());
                isShaped(w.down(), s.dim(), s.ffn());
            }
            isShaped(model.output(), s.vocab(), s.dim());
        });
    }

    private static void isShaped(Tensor tensor, int rows, int columns) {
        assertEquals(rows + "×" + columns, tensor.rows() + "×" + tensor.columns(), tensor.name());
    }

    void fingerprint() {
        String[] seen = new String[2];
        for (int i = 0; i < 2; i++) {
            int time = i;
            with(new Heard(), probe -> seen[time] = probe.model.fingerprint());
        }
        assertEquals(seen[0], seen[1], "The fingerprint of a model must be the same each time");
    }

    void denseProjections() {
        dense(List.of(
                OperatorKind.ATTENTION_QUERY,
                OperatorKind.ATTENTION_KEY,
                OperatorKind.ATTENTION_VALUE,
                OperatorKind.ATTENTION_OUTPUT,
                OperatorKind.OUTPUT));
    }

    void denseFeedForward() {
        dense(List.of(OperatorKind.FEED_FORWARD));
    }

    private void dense(List<OperatorKind> kinds) {
        with(new Heard(), probe -> {
            ModelDescription model = probe.model;
            Oracle oracle = new Oracle(model, new Matrices());
            SessionContext context = new SessionContext(Trial.MAX_BATCH, probe.host.workers());
            for (OperatorKey key : OperatorKey.all(model.shape())) {
                if (kinds.contains(key.kind())) {
                    Operator operator = open(probe, key, context);
                    for (Phase phase : Phase.values()) {
                        for (int batch : new int[] {1, 3}) {
                            compare(oracle, operator, phase, batch);
                        }
                    }
                }
            }
        });
    }

    private static Operator open(Probe probe, OperatorKey key, SessionContext context) {
        Operator.Call call;
        if (key.kind() == OperatorKind.FEED_FORWARD) {
            FeedForward block = probe.host.dense().feedForward(key.layer(), context);
            call = block::apply;
        } else {
            Projection projection =
                    probe.host.dense().projection(probe.model.projectionWeights(key).orElseThrow(), context);
            call = projection::apply;
        }
        return new Operator(key, Oracle.inputs(probe.model, key), Oracle.outputs(probe.model, key), call);
    }

    private void compare(Oracle oracle, Operator operator, Phase phase, int batch) {
        float[] x = operator.input(batch, 1);
        float[] y = operator.apply(phase, batch, x);
        double error = 0;
        double size = 0;
        for (int b = 0; b < batch; b++) {
            double[] row = oracle.row(operator.key(), new Approximation.Exact(), phase, x, b)
                    .error(y, b * operator.outputs());
            error += row[0];
            size += row[1];
        }
        double nmse = error / size;
        assertTrue(nmse <= hosting.maxNmse(), () -> "Dense %s in %s of %d rows: NMSE %.2e where %.0e is allowed"
                .formatted(operator.key(), phase, batch, nmse, hosting.maxNmse()));
    }

    void workers() {
        with(new Heard(), probe -> {
            WorkerGroup workers = probe.host.workers();
            int threads = workers.threads();
            assertTrue(threads >= 1 && threads <= THREADS,
                    () -> "The group has " + threads + " threads where the user asked for " + THREADS);
            for (int parts : new int[] {1, 2, 3, 100}) {
                int[] plain = new int[parts];
                AtomicIntegerArray runs = new AtomicIntegerArray(parts);
                AtomicInteger wrongWorkers = new AtomicInteger();
                workers.run(parts, (part, worker) -> {
                    runs.incrementAndGet(part);
                    plain[part]++;
                    if (worker < 0 || worker >= threads) {
                        wrongWorkers.incrementAndGet();
                    }
                });
                for (int part = 0; part < parts; part++) {
                    assertEquals(1, runs.get(part), "times that a part was run");
                    assertEquals(1, plain[part], "What a part wrote is not visible to the caller");
                }
                assertEquals(0, wrongWorkers.get(), "parts run by a worker that is not in [0, threads)");
            }
        });
    }

    void workersPassOnExceptions() {
        with(new Heard(), probe -> {
            AtomicInteger ended = new AtomicInteger();
            RuntimeException e = assertThrows(RuntimeException.class,
                    () -> probe.host.workers().run(20, (part, worker) -> {
                ended.incrementAndGet();
                if (part == 7) {
                    throw new IllegalArgumentException("part seven");
                }
            }), "What a part throws must reach the caller");
            assertTrue(e.toString().contains("part seven") || String.valueOf(e.getCause()).contains("part seven"),
                    () -> "What a part throws reaches the caller as " + e);
            probe.host.workers().run(4, (part, worker) -> ended.incrementAndGet());
        });
    }

    void textRunner() {
        Heard heard = new Heard();
        with(heard, probe -> {
            TextRunner text = probe.host.text();
            String words = "Once upon a time there was a house. ".repeat(4);
            int[] ids = text.tokenize(words);
            assertArrayEquals(ids, text.tokenize(words), "tokenize() gives another answer when asked again");
            assertTrue(ids.length > 1 && Arrays.stream(ids).allMatch(id -> id >= 0 && id < probe.model.shape().vocab()),
                    () -> "tokenize() gives " + Arrays.toString(ids));
            int[] window = Arrays.copyOf(ids, Math.min(ids.length, Math.min(text.maxWindow(), 12)));
            text.beginOfText().ifPresent(id -> window[0] = id);
            List<Integer> positions = new ArrayList<>();
            float[][] logits = new float[window.length][];
            text.run(window, new SessionOperators() {}, (position, row) -> {
                positions.add(position);
                logits[position] = row.clone();
            });
            for (int i = 0; i < window.length; i++) {
                assertEquals(i, positions.get(i), "position handed over as number " + i);
                assertEquals(probe.model.shape().vocab(), logits[i].length, "logits of a position");
            }
            AtomicInteger rows = new AtomicInteger();
            int[] batch = new int[1];
            text.run(window, new SessionOperators() {
                @Override
                public Optional<FeedForward> feedForward(int layer) {
                    FeedForward dense = probe.host.dense().feedForward(layer, text.context());
                    return layer > 0 ? Optional.empty() : Optional.of((pass, x, y) -> {
                        assertEquals(Phase.PREFILL, pass.phase(), "phase of a window");
                        assertEquals(rows.get(), pass.position(), "position of a pass");
                        rows.addAndGet(pass.batch());
                        batch[0] = Math.max(batch[0], pass.batch());
                        dense.apply(pass, x, y);
                        y[0] += 1;
                    });
                }
            }, (position, row) -> {
                if (position == window.length - 1 && Arrays.equals(row, logits[position])) {
                    throw new AssertionError("Operators given to run() are not used");
                }
            });
            assertEquals(window.length, rows.get(), "rows that operators given to run() have seen");
            assertTrue(batch[0] <= text.context().maxBatch(), "A batch is larger than context() says");
            text.run(window, new SessionOperators() {});
        });
    }

    void services() {
        Heard heard = new Heard();
        with(heard, probe -> {
            assertEquals(ApiLevel.CURRENT, probe.host.apiLevel(), "apiLevel()");
            assertEquals(hosting.folder().resolve("cache"), probe.host.cacheDirectory(), "cacheDirectory()");
            assertNotNull(probe.host.progress(), "progress()");
            try (ProgressSink.Work work = probe.host.progress().start("Waiting for the kit", 3)) {
                work.done(3);
            }
            assertTrue(heard.progress().started().contains("Waiting for the kit"), "Progress does not reach the user");
            probe.host.notice("a word from the kit");
            assertTrue(heard.mentions("a word from the kit"), "Notices do not reach the user");
        });
    }
}
