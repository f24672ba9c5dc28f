package dev.sparsellm.conformance;

import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import java.util.Arrays;
import java.util.OptionalInt;

/** Runs a model of the kit: a decoder without positions, one batch for a window. */
final class KitText implements TextRunner {

    static final int MAX_WINDOW = 32;

    /** So many characters make a token: texts that come with providers stay short. */
    private static final int CHARACTERS = 512;

    private static final int BEGIN = 0;

    private final TinyModel model;
    private final DenseOperators dense;
    private final WorkerGroup workers;

    KitText(TinyModel model, DenseOperators dense, WorkerGroup workers) {
        this.model = model;
        this.dense = dense;
        this.workers = workers;
    }

    @Override
    public int[] tokenize(String text) {
        int[] ids = new int[Math.ceilDiv(text.length(), CHARACTERS)];
        for (int i = 0; i < ids.length; i++) {
            int end = Math.min(text.length(), (i + 1) * CHARACTERS);
            ids[i] = Math.floorMod(text.substring(i * CHARACTERS, end).hashCode(), model.embedding().length);
        }
        return ids;
    }

    @Override
    public OptionalInt beginOfText() {
        return OptionalInt.of(BEGIN);
    }

    @Override
    public int maxWindow() {
        return MAX_WINDOW;
    }

    @Override
    public SessionContext context() {
        return new SessionContext(MAX_WINDOW, workers);
    }

    @Override
    public void run(int[] ids, SessionOperators operators, LogitsConsumer logits) {
        ModelDescription d = model.description();
        ModelShape shape = d.shape();
        int n = ids.length;
        Pass pass = new Pass(Phase.PREFILL, 0, n);
        float[] x = new float[n * shape.dim()];
        float[] q = new float[n * shape.heads() * shape.headDim()];
        float[] k = new float[n * shape.kvHeads() * shape.headDim()];
        float[] v = new float[k.length];
        float[] h = new float[q.length];
        float[] out = new float[x.length];
        for (int b = 0; b < n; b++) {
            System.arraycopy(model.embedding()[ids[b]], 0, x, b * shape.dim(), shape.dim());
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            float[] norm = normalized(x, shape.dim());
            projection(operators, new OperatorKey(OperatorKind.ATTENTION_QUERY, layer)).apply(pass, norm, q);
            projection(operators, new OperatorKey(OperatorKind.ATTENTION_KEY, layer)).apply(pass, norm, k);
            projection(operators, new OperatorKey(OperatorKind.ATTENTION_VALUE, layer)).apply(pass, norm, v);
            for (int b = 0; b < n; b++) {
                for (int head = 0; head < shape.heads(); head++) {
                    attend(shape, b, head, q, k, v, h);
                }
            }
            projection(operators, new OperatorKey(OperatorKind.ATTENTION_OUTPUT, layer)).apply(pass, h, out);
            add(out, x);
            int current = layer;
            FeedForward block =
                    operators.feedForward(layer).orElseGet(() -> dense.feedForward(current, context()));
            block.apply(pass, normalized(x, shape.dim()), out);
            add(out, x);
        }
        if (logits != null) {
            float[] all = new float[n * shape.vocab()];
            projection(operators, OperatorKey.output()).apply(pass, normalized(x, shape.dim()), all);
            for (int b = 0; b < n; b++) {
                logits.accept(b, Arrays.copyOfRange(all, b * shape.vocab(), (b + 1) * shape.vocab()));
            }
        }
    }

    private Projection projection(SessionOperators operators, OperatorKey key) {
        return operators.projection(key).orElseGet(() -> dense.projection(
                model.description().projectionWeights(key).orElseThrow(), context()));
    }

    private static void attend(ModelShape shape, int b, int head, float[] q, float[] k, float[] v, float[] h) {
        int d = shape.headDim();
        int kvHead = head * shape.kvHeads() / shape.heads();
        int at = (b * shape.heads() + head) * d;
        double[] sum = new double[d];
        double total = 0;
        for (int p = 0; p <= b; p++) {
            int other = (p * shape.kvHeads() + kvHead) * d;
            double score = 0;
            for (int i = 0; i < d; i++) {
                score += q[at + i] * k[other + i];
            }
            double weight = Math.exp(score / Math.sqrt(d));
            total += weight;
            for (int i = 0; i < d; i++) {
                sum[i] += weight * v[other + i];
            }
        }
        for (int i = 0; i < d; i++) {
            h[at + i] = (float) (sum[i] / total);
        }
    }

    private static float[] normalized(float[] x, int dim) {
        float[] norm = new float[x.length];
        for (int at = 0; at < x.length; at += dim) {
            double squares = 1e-5;
            for (int i = 0; i < dim; i++) {
                squares += x[at + i] * x[at + i] / dim;
            }
            for (int i = 0; i < dim; i++) {
                norm[at + i] = (float) (x[at + i] / Math.sqrt(squares));
            }
        }
        return norm;
    }

    private static void add(float[] values, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += values[i];
        }
    }
}
