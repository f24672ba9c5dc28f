package dev.sparsellm.chess;

import dev.sparsellm.spi.Tensor;

/** Products in double precision, weight by weight: what operators are measured by. */
final class Oracle {

    private Oracle() {}

    /**
     * @param x {@code [batch][columns]}
     * @return {@code [batch][rows]}
     */
    static double[] multiply(Tensor weights, double[] x, int batch) {
        double[] y = new double[batch * weights.rows()];
        float[] row = new float[weights.columns()];
        for (int r = 0; r < weights.rows(); r++) {
            TestDense.KERNELS.dequantize(weights, r, row, 0);
            for (int b = 0; b < batch; b++) {
                double sum = 0;
                for (int c = 0; c < row.length; c++) {
                    sum += row[c] * x[b * row.length + c];
                }
                y[b * weights.rows() + r] = sum;
            }
        }
        return y;
    }

    static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }
}
