package dev.sparsellm.conformance;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A model's tensors as numbers, each read once. Safe for any thread. */
final class Matrices {

    private final Map<String, double[][]> byName = new ConcurrentHashMap<>();

    /** The weights, {@code [rows][columns]}. */
    double[][] of(Tensor tensor) {
        return byName.computeIfAbsent(tensor.name(), name -> read(tensor));
    }

    private static double[][] read(Tensor tensor) {
        ByteBuffer data = ByteBuffer.wrap(tensor.data().toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
        int blockSize = tensor.type().blockSize();
        double[] block = new double[blockSize];
        double[][] matrix = new double[tensor.rows()][tensor.columns()];
        int at = 0;
        for (double[] row : matrix) {
            for (int column = 0; column < row.length; column += blockSize) {
                Blocks.dequantize(tensor.type(), data, at, block);
                System.arraycopy(block, 0, row, column, blockSize);
                at += tensor.type().blockBytes();
            }
        }
        return matrix;
    }

    /** {@code Σ_c row[c] · x[c]}. */
    static double dot(double[] row, double[] x) {
        double even = 0;
        double odd = 0;
        int c = 0;
        for (; c + 1 < row.length; c += 2) {
            even += row[c] * x[c];
            odd += row[c + 1] * x[c + 1];
        }
        return c < row.length ? even + odd + row[c] * x[c] : even + odd;
    }

    /** The model's activation. */
    static double activate(ActivationFunction function, double g) {
        return switch (function) {
            case SILU -> g / (1 + Math.exp(-g));
            case GELU -> 0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g)));
            case RELU -> Math.max(g, 0);
        };
    }
}
