package dev.sparsellm.conformance;

import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Phase;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Operators by their definitions, in F64: the exact one, and the exact one with a declared approximation. */
final class Oracle {

    /** Errors of F32 sums, as a multiple of {@link Expected#scale}: what tested values may be off by. */
    private static final double ROUNDING = 4e-6;

    /** Ways to be off that are tried: all up, all down, and at random. */
    private static final int TRIALS = 8;

    private final ModelDescription model;
    private final Matrices matrices;

    Oracle(ModelDescription model, Matrices matrices) {
        this.model = model;
        this.matrices = matrices;
    }

    /** Inputs of an operator. */
    static int inputs(ModelDescription model, OperatorKey key) {
        return key.kind() == OperatorKind.FEED_FORWARD
                ? model.shape().dim()
                : model.projectionWeights(key).orElseThrow().columns();
    }

    /** Outputs of an operator. */
    static int outputs(ModelDescription model, OperatorKey key) {
        return key.kind() == OperatorKind.FEED_FORWARD
                ? model.shape().dim()
                : model.projectionWeights(key).orElseThrow().rows();
    }

    /** Bytes of the weights of an operator. */
    static long weightBytes(ModelDescription model, OperatorKey key) {
        if (key.kind() != OperatorKind.FEED_FORWARD) {
            return model.projectionWeights(key).orElseThrow().data().byteSize();
        }
        LayerWeights weights = model.layers().get(key.layer());
        return weights.gate().data().byteSize() + weights.up().data().byteSize() + weights.down().data().byteSize();
    }

    /** Row {@code b} of what an operator must make of {@code x}. */
    Expected row(OperatorKey key, Approximation approximation, Phase phase, float[] x, int b) {
        double[] input = input(key, x, b);
        if (key.kind() == OperatorKind.FEED_FORWARD) {
            return feedForward(key.layer(), approximation, phase, input);
        }
        if (approximation instanceof Approximation.OfInput rule) {
            rule.change(phase, input);
        }
        return product(matrices.of(model.projectionWeights(key).orElseThrow()), input, new double[input.length]);
    }

    /** The share of channels of a row that an approximation may leave out: those it changes, and those that are 0. */
    double leftOut(OperatorKey key, Approximation approximation, Phase phase, float[] x, int b) {
        double[] input = input(key, x, b);
        return switch (approximation) {
            case Approximation.Exact exact -> 0;
            case Approximation.OfInput rule -> {
                double[] changed = input.clone();
                rule.change(phase, changed);
                yield leftOut(input, changed);
            }
            case Approximation.OfHidden rule -> {
                LayerWeights weights = model.layers().get(key.layer());
                double[] activated = activated(products(matrices.of(weights.gate()), input));
                double[] hidden = times(activated, products(matrices.of(weights.up()), input));
                double[] changed = hidden.clone();
                rule.change(phase, activated, changed);
                yield leftOut(hidden, changed);
            }
        };
    }

    private static double leftOut(double[] values, double[] changed) {
        int count = 0;
        for (int i = 0; i < values.length; i++) {
            count += values[i] == changed[i] && values[i] != 0 ? 0 : 1;
        }
        return (double) count / values.length;
    }

    private double[] input(OperatorKey key, float[] x, int b) {
        double[] input = new double[inputs(model, key)];
        Arrays.setAll(input, c -> x[b * input.length + c]);
        return input;
    }

    private double[] activated(double[] gate) {
        return Arrays.stream(gate).map(value -> Matrices.activate(model.activation(), value)).toArray();
    }

    private static double[] times(double[] a, double[] b) {
        double[] products = new double[a.length];
        Arrays.setAll(products, i -> a[i] * b[i]);
        return products;
    }

    private static double[] products(double[][] matrix, double[] x) {
        return Arrays.stream(matrix).mapToDouble(row -> Matrices.dot(row, x)).toArray();
    }

    private Expected feedForward(int layer, Approximation approximation, Phase phase, double[] input) {
        LayerWeights weights = model.layers().get(layer);
        Expected gate = product(matrices.of(weights.gate()), input, new double[input.length]);
        Expected up = product(matrices.of(weights.up()), input, new double[input.length]);
        double[] activated = activated(gate.values());
        double[] hidden = times(activated, up.values());
        double[] open = new double[hidden.length];
        if (approximation instanceof Approximation.OfHidden rule) {
            double[] exact = hidden.clone();
            rule.change(phase, activated.clone(), hidden);
            for (int trial = 0; trial < TRIALS; trial++) {
                double[] nudgedGate = activated(nudged(gate, trial));
                double[] before = times(nudgedGate, nudged(up, trial + TRIALS));
                double[] after = before.clone();
                rule.change(phase, nudgedGate, after);
                for (int i = 0; i < open.length; i++) {
                    // A jump, rather than the nudge itself.
                    double jump = Math.abs(after[i] - hidden[i]);
                    double nudge = Math.abs(before[i] - exact[i]);
                    open[i] = Math.max(open[i], jump > 4 * nudge ? jump : 0);
                }
            }
        }
        return product(matrices.of(weights.down()), hidden, open);
    }

    /** Sums that are a little off. */
    private static double[] nudged(Expected sums, int trial) {
        SplittableRandom random = new SplittableRandom(trial);
        double[] nudged = new double[sums.values().length];
        for (int i = 0; i < nudged.length; i++) {
            int sign = trial == 0 ? 1 : trial == 1 ? -1 : random.nextInt(3) - 1;
            nudged[i] = sums.values()[i]
                    + sign * ROUNDING * Math.max(Math.abs(sums.values()[i]), sums.scale()[i]);
        }
        return nudged;
    }

    private static Expected product(double[][] matrix, double[] x, double[] open) {
        double[] scale = new double[matrix.length];
        double[] slack = new double[matrix.length];
        for (int r = 0; r < matrix.length; r++) {
            double squares = 0;
            for (int c = 0; c < x.length; c++) {
                double term = matrix[r][c] * x[c];
                squares += term * term;
                slack[r] += Math.abs(matrix[r][c]) * open[c];
            }
            scale[r] = Math.sqrt(squares);
        }
        return new Expected(products(matrix, x), scale, slack);
    }
}
