package dev.sparsellm.conformance;

/**
 * What an operator must give for one row.
 *
 * @param values {@code [outputs]}, in F64
 * @param scale {@code [outputs]}: root of the sum of squares of the products that were summed; errors are measured by
 *     it where the sum itself is smaller, so that terms that happen to cancel make no demands F32 cannot meet
 * @param slack {@code [outputs]}: by how much a value may differ besides, where a rule's answer hangs on the last bits
 *     of what it tests
 */
record Expected(double[] values, double[] scale, double[] slack) {

    /** Squared error of a result, with {@code [0]} the error and {@code [1]} what it is to be divided by. */
    double[] error(float[] y, int offset) {
        double error = 0;
        double size = 0;
        for (int r = 0; r < values.length; r++) {
            double beyond = Math.max(0, Math.abs(y[offset + r] - values[r]) - slack[r]);
            // A difference with NaN or an infinity in it is no number: as wrong as can be.
            error += Double.isNaN(beyond) || Float.isNaN(y[offset + r]) ? Double.POSITIVE_INFINITY : beyond * beyond;
            size += Math.max(values[r] * values[r], scale[r] * scale[r]);
        }
        return new double[] {error, size};
    }
}
