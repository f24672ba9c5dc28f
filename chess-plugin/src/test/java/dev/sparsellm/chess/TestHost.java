package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** A host that really runs its model: F32 arithmetic, one batch for a window. */
final class TestHost implements HostServices {

    static final int BEGIN = 1;
    static final int MAX_WINDOW = 256;

    final List<String> notices = new ArrayList<>();

    /** What was said of progress, such as {@code "Calibrating of 3"} and then {@code "1"}. */
    final List<String> progress = new ArrayList<>();

    private final SmallLlama model;
    private final WorkerGroup workers;
    private final Path cache;
    private int maxWindow = MAX_WINDOW;
    private Runnable beforeWindow = () -> {};

    TestHost(SmallLlama model, WorkerGroup workers, Path cache) {
        this.model = model;
        this.workers = workers;
        this.cache = cache;
    }

    /** Takes shorter windows. */
    TestHost withMaxWindow(int ids) {
        maxWindow = ids;
        return this;
    }

    /** Has something happen before each window that is run. */
    TestHost beforeWindow(Runnable action) {
        beforeWindow = action;
        return this;
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public WorkerGroup workers() {
        return workers;
    }

    @Override
    public DenseOperators dense() {
        return new TestDense(model.description());
    }

    @Override
    public Path cacheDirectory() {
        return cache;
    }

    @Override
    public ProgressSink progress() {
        return (what, total) -> {
            progress.add(what + " of " + total);
            return done -> progress.add(Long.toString(done));
        };
    }

    @Override
    public void notice(String message) {
        notices.add(message);
    }

    @Override
    public TextRunner text() {
        return new TextRunner() {
            @Override
            public int[] tokenize(String text) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                return IntStream.range(0, bytes.length).map(i -> (bytes[i] & 0xFF) + 3).toArray();
            }

            @Override
            public OptionalInt beginOfText() {
                return OptionalInt.of(BEGIN);
            }

            @Override
            public int maxWindow() {
                return maxWindow;
            }

            @Override
            public SessionContext context() {
                return new SessionContext(maxWindow, workers);
            }

            @Override
            public void run(int[] ids, SessionOperators operators, LogitsConsumer logits) {
                beforeWindow.run();
                forward(ids, operators, logits, context());
            }
        };
    }

    private void forward(
            int[] ids, SessionOperators operators, TextRunner.LogitsConsumer logits, SessionContext context) {
        Kernels kernels = TestDense.KERNELS;
        ModelShape shape = model.description().shape();
        int n = ids.length;
        int dim = shape.dim();
        int inner = shape.heads() * shape.headDim();
        int kvInner = shape.kvHeads() * shape.headDim();
        Pass pass = new Pass(Phase.PREFILL, 0, n);
        float[] x = new float[n * dim];
        float[] normed = new float[n * dim];
        float[] out = new float[n * dim];
        float[] q = new float[n * inner];
        float[] k = new float[n * kvInner];
        float[] v = new float[n * kvInner];
        float[] h = new float[n * inner];
        for (int row = 0; row < n; row++) {
            kernels.dequantize(model.embedding(), ids[row], x, row * dim);
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            LayerWeights weights = model.description().layers().get(layer);
            norm(x, model.attentionNorms()[layer], normed, n, dim);
            OperatorKey query = new OperatorKey(OperatorKind.ATTENTION_QUERY, layer);
            OperatorKey output = new OperatorKey(OperatorKind.ATTENTION_OUTPUT, layer);
            projection(operators, query, context).apply(pass, normed, q);
            dense().projection(weights.key(), context).apply(pass, normed, k);
            dense().projection(weights.value(), context).apply(pass, normed, v);
            rotate(q, n, shape.heads(), shape.headDim());
            rotate(k, n, shape.kvHeads(), shape.headDim());
            attend(q, k, v, h, n, shape);
            projection(operators, output, context).apply(pass, h, out);
            kernels.add(out, 0, x, 0, n * dim);
            norm(x, model.ffnNorms()[layer], normed, n, dim);
            int current = layer;
            operators
                    .feedForward(layer)
                    .orElseGet(() -> dense().feedForward(current, context))
                    .apply(pass, normed, out);
            kernels.add(out, 0, x, 0, n * dim);
        }
        if (logits != null) {
            norm(x, model.outputNorm(), normed, n, dim);
            float[] all = new float[n * shape.vocab()];
            dense().projection(model.description().output(), context).apply(pass, normed, all);
            float[] row = new float[shape.vocab()];
            for (int position = 0; position < n; position++) {
                System.arraycopy(all, position * row.length, row, 0, row.length);
                logits.accept(position, row);
            }
        }
    }

    private Projection projection(SessionOperators operators, OperatorKey key, SessionContext context) {
        return operators.projection(key).orElseGet(() -> dense()
                .projection(model.description().projectionWeights(key).orElseThrow(), context));
    }

    private void norm(float[] x, float[] weight, float[] y, int n, int dim) {
        for (int row = 0; row < n; row++) {
            TestDense.KERNELS.rmsNorm(x, row * dim, weight, model.epsilon(), y, row * dim, dim);
        }
    }

    private static void rotate(float[] x, int n, int heads, int headDim) {
        for (int row = 0; row < n; row++) {
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < headDim; i += 2) {
                    double angle = row * Math.pow(10000, -(double) i / headDim);
                    int at = (row * heads + head) * headDim + i;
                    float even = x[at];
                    float odd = x[at + 1];
                    x[at] = (float) (even * Math.cos(angle) - odd * Math.sin(angle));
                    x[at + 1] = (float) (even * Math.sin(angle) + odd * Math.cos(angle));
                }
            }
        }
    }

    private void attend(float[] q, float[] k, float[] v, float[] h, int n, ModelShape shape) {
        int d = shape.headDim();
        workers.run(n * shape.heads(), (part, worker) -> {
            int row = part / shape.heads();
            int head = part % shape.heads();
            int kvHead = head / (shape.heads() / shape.kvHeads());
            int at = part * d;
            float[] weights = new float[row + 1];
            int kvDim = shape.kvHeads() * d;
            float scale = (float) (1 / Math.sqrt(d));
            TestDense.KERNELS.dots(scale, q, at, k, kvHead * d, kvDim, row + 1, weights, 0, d);
            TestDense.KERNELS.softmax(weights, 0, row + 1);
            java.util.Arrays.fill(h, at, at + d, 0);
            TestDense.KERNELS.addRows(weights, 0, v, kvHead * d, kvDim, row + 1, h, at, d);
        });
    }
}
