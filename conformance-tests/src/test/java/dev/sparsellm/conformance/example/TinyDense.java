package dev.sparsellm.conformance.example;

import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Exact operators on F32 weights, and random weights to have some. */
record TinyDense(ModelDescription model) implements DenseOperators {

    @Override
    public Projection projection(Tensor weights, SessionContext context) {
        return (pass, x, y) -> multiply(weights, pass.batch(), x, y);
    }

    @Override
    public FeedForward feedForward(int layer, SessionContext context) {
        return feedForward(layer, TinyDense::silu, context);
    }

    /** A block with an activation of somebody else's. */
    FeedForward feedForward(int layer, Activation activation, SessionContext context) {
        LayerWeights weights = model.layers().get(layer);
        int ffn = model.shape().ffn();
        float[] hidden = new float[context.maxBatch() * ffn]; // [batch][ffn]
        float[] up = new float[context.maxBatch() * ffn]; // [batch][ffn]
        return (pass, x, y) -> {
            multiply(weights.gate(), pass.batch(), x, hidden);
            multiply(weights.up(), pass.batch(), x, up);
            for (int b = 0; b < pass.batch(); b++) {
                activation.apply(pass, hidden, b * ffn, 0, ffn);
            }
            for (int i = 0; i < pass.batch() * ffn; i++) {
                hidden[i] *= up[i];
            }
            multiply(weights.down(), pass.batch(), hidden, y);
        };
    }

    private static void multiply(Tensor weights, int batch, float[] x, float[] y) {
        for (int b = 0; b < batch; b++) {
            for (int r = 0; r < weights.rows(); r++) {
                double sum = 0;
                for (int c = 0; c < weights.columns(); c++) {
                    sum += weight(weights, r, c) * x[b * weights.columns() + c];
                }
                y[b * weights.rows() + r] = (float) sum;
            }
        }
    }

    static float weight(Tensor weights, int row, int column) {
        return weights.data().getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * weights.columns() + column);
    }

    private static void silu(Pass pass, float[] gate, int offset, int from, int to) {
        for (int i = offset + from; i < offset + to; i++) {
            gate[i] = (float) (gate[i] / (1 + Math.exp(-gate[i])));
        }
    }

    static ModelDescription randomModel(ModelShape s, Random random) {
        int queries = s.heads() * s.headDim();
        int keys = s.kvHeads() * s.headDim();
        List<LayerWeights> layers = IntStream.range(0, s.layers()).mapToObj(layer -> new LayerWeights(
                        random("attn_q." + layer, queries, s.dim(), random),
                        random("attn_k." + layer, keys, s.dim(), random),
                        random("attn_v." + layer, keys, s.dim(), random),
                        random("attn_output." + layer, s.dim(), queries, random),
                        random("ffn_gate." + layer, s.ffn(), s.dim(), random),
                        random("ffn_up." + layer, s.ffn(), s.dim(), random),
                        random("ffn_down." + layer, s.dim(), s.ffn(), random)))
                .toList();
        Tensor output = random("output", s.vocab(), s.dim(), random);
        return new ModelDescription("tiny", "llama", "0123456789abcdef", s, ActivationFunction.SILU, layers, output);
    }

    private static Tensor random(String name, int rows, int columns, Random random) {
        float[] weights = new float[rows * columns];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
        }
        return new Tensor(name, TensorType.F32, rows, columns, MemorySegment.ofArray(weights));
    }
}
