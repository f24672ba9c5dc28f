package dev.sparsellm.conformance.example;

import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.TextRunner;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The layers of one text: step 5 of the SPI, the part of a host that was there before. */
final class TinyDecoder {

    private final ModelDescription model;
    private final ModelShape shape;
    private final int maxBatch;
    private final Map<OperatorKey, Projection> projections;
    private final List<FeedForward> blocks;
    private final float[][] keys; // [layers][context · headDim]
    private final float[][] values; // [layers][context · headDim]
    private int position;

    TinyDecoder(
            ModelDescription model, int maxBatch, Map<OperatorKey, Projection> projections, List<FeedForward> blocks) {
        this.model = model;
        this.shape = model.shape();
        this.maxBatch = maxBatch;
        this.projections = projections;
        this.blocks = blocks;
        keys = new float[shape.layers()][shape.contextLength() * shape.headDim()];
        values = new float[shape.layers()][shape.contextLength() * shape.headDim()];
    }

    /** Reads ids, maxBatch at a time, and hands over the logits of each. */
    void read(Phase phase, int[] ids, TextRunner.LogitsConsumer logits) {
        for (int from = 0; from < ids.length; from += maxBatch) {
            forward(phase, Arrays.copyOfRange(ids, from, Math.min(ids.length, from + maxBatch)), logits);
        }
    }

    private void forward(Phase phase, int[] ids, TextRunner.LogitsConsumer logits) {
        Pass pass = new Pass(phase, position, ids.length);
        int dim = shape.dim();
        float[] x = new float[ids.length * dim]; // [batch][dim]
        for (int b = 0; b < ids.length; b++) {
            for (int i = 0; i < dim; i++) {
                x[b * dim + i] = TinyDense.weight(model.output(), ids[b], i) * 6; // the embedding is the output head
            }
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            float[] norm = normalized(x);
            float[] q = project(OperatorKind.ATTENTION_QUERY, layer, pass, norm);
            System.arraycopy(project(OperatorKind.ATTENTION_KEY, layer, pass, norm), 0, keys[layer],
                    position * shape.headDim(), ids.length * shape.headDim());
            System.arraycopy(project(OperatorKind.ATTENTION_VALUE, layer, pass, norm), 0, values[layer],
                    position * shape.headDim(), ids.length * shape.headDim());
            add(project(OperatorKind.ATTENTION_OUTPUT, layer, pass, attend(layer, q)), x);
            float[] out = new float[x.length];
            blocks.get(layer).apply(pass, normalized(x), out);
            add(out, x);
        }
        if (logits != null) {
            float[] all = new float[ids.length * shape.vocab()];
            projections.get(OperatorKey.output()).apply(pass, normalized(x), all);
            for (int b = 0; b < ids.length; b++) {
                logits.accept(position + b, Arrays.copyOfRange(
                        all, b * shape.vocab(), (b + 1) * shape.vocab()));
            }
        }
        position += ids.length;
    }

    private float[] project(OperatorKind kind, int layer, Pass pass, float[] x) {
        OperatorKey key = new OperatorKey(kind, layer);
        float[] y = new float[pass.batch() * model.projectionWeights(key).orElseThrow().rows()];
        projections.get(key).apply(pass, x, y);
        return y;
    }

    private float[] attend(int layer, float[] q) {
        int d = shape.headDim(); // heads share one key and one value
        float[] h = new float[q.length];
        for (int at = 0; at < q.length; at += d) {
            double total = 0;
            for (int p = 0; p <= position + at / (shape.heads() * d); p++) {
                double score = 0;
                for (int i = 0; i < d; i++) {
                    score += q[at + i] * keys[layer][p * d + i];
                }
                double weight = Math.exp(score / Math.sqrt(d));
                total += weight;
                for (int i = 0; i < d; i++) {
                    h[at + i] += (float) (weight * values[layer][p * d + i]);
                }
            }
            for (int i = 0; i < d; i++) {
                h[at + i] /= (float) total;
            }
        }
        return h;
    }

    private float[] normalized(float[] x) {
        float[] norm = new float[x.length];
        for (int at = 0; at < x.length; at += shape.dim()) {
            double squares = 1e-5;
            for (int i = at; i < at + shape.dim(); i++) {
                squares += x[i] * x[i] / shape.dim();
            }
            for (int i = at; i < at + shape.dim(); i++) {
                norm[i] = (float) (x[i] / Math.sqrt(squares));
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
