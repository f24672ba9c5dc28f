package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.WorkerGroup;

/**
 * ‖W[:,i]‖₂ for each column of a weight matrix: how much a unit of that input changes the output. The same bits on any
 * number of threads.
 */
final class ColumnNorms {

    private static final int PARTS = 16;

    private final Kernels kernels;
    private final WorkerGroup workers;

    ColumnNorms(Kernels kernels, WorkerGroup workers) {
        this.kernels = kernels;
        this.workers = workers;
    }

    float[] of(Tensor weights) {
        int parts = Math.min(PARTS, weights.rows());
        double[][] squares = new double[parts][weights.columns()];
        workers.run(parts, (part, worker) -> {
            float[] row = new float[weights.columns()];
            int from = (int) ((long) weights.rows() * part / parts);
            int to = (int) ((long) weights.rows() * (part + 1) / parts);
            for (int r = from; r < to; r++) {
                kernels.dequantize(weights, r, row, 0);
                addSquares(row, squares[part]);
            }
        });
        float[] norms = new float[weights.columns()];
        for (int column = 0; column < norms.length; column++) {
            double sum = 0;
            for (double[] part : squares) {
                sum += part[column];
            }
            norms[column] = (float) Math.sqrt(sum);
        }
        return norms;
    }

    private static void addSquares(float[] row, double[] squares) {
        for (int column = 0; column < row.length; column++) {
            squares[column] += (double) row[column] * row[column];
        }
    }
}
