package dev.sparsellm.conformance;

import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.Tensor;

/** Exact operators, in F64 on the calling thread; no allocation once opened. */
final class KitDense implements DenseOperators {

    private final ModelDescription model;
    private final Matrices matrices;

    KitDense(ModelDescription model, Matrices matrices) {
        this.model = model;
        this.matrices = matrices;
    }

    @Override
    public Projection projection(Tensor weights, SessionContext context) {
        double[][] matrix = matrices.of(weights);
        double[] input = new double[weights.columns()];
        return (pass, x, y) -> {
            for (int b = 0; b < pass.batch(); b++) {
                for (int c = 0; c < input.length; c++) {
                    input[c] = x[b * input.length + c];
                }
                for (int r = 0; r < matrix.length; r++) {
                    y[b * matrix.length + r] = (float) Matrices.dot(matrix[r], input);
                }
            }
        };
    }

    @Override
    public FeedForward feedForward(int layer, SessionContext context) {
        LayerWeights weights = model.layers().get(layer);
        double[][] gate = matrices.of(weights.gate());
        double[][] up = matrices.of(weights.up());
        double[][] down = matrices.of(weights.down());
        double[] input = new double[weights.gate().columns()];
        double[] hidden = new double[gate.length];
        return (pass, x, y) -> {
            for (int b = 0; b < pass.batch(); b++) {
                for (int c = 0; c < input.length; c++) {
                    input[c] = x[b * input.length + c];
                }
                for (int i = 0; i < hidden.length; i++) {
                    double g = Matrices.dot(gate[i], input);
                    hidden[i] = Matrices.activate(model.activation(), g) * Matrices.dot(up[i], input);
                }
                for (int r = 0; r < down.length; r++) {
                    y[b * down.length + r] = (float) Matrices.dot(down[r], hidden);
                }
            }
        };
    }
}
