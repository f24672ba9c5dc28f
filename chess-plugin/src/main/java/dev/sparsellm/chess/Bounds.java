package dev.sparsellm.chess;

/** The values of each channel that are worth no more than τ, an interval that grows with τ. */
interface Bounds {

    double lower(int channel, double tau);

    double upper(int channel, double tau);

    /** {@code |value − centre_i| · w_i ≤ τ}. A channel that is worth nothing has no bounds. */
    record Weighted(double[] weights, double[] centres) implements Bounds {

        @Override
        public double lower(int channel, double tau) {
            return centres[channel] - reach(channel, tau);
        }

        @Override
        public double upper(int channel, double tau) {
            return centres[channel] + reach(channel, tau);
        }

        private double reach(int channel, double tau) {
            return weights[channel] > 0 ? tau / weights[channel] : Double.POSITIVE_INFINITY;
        }
    }

    /** The expected error of the output is at most τ. */
    record Expected(ErrorCurve[] curves, float[] norms) implements Bounds {

        @Override
        public double lower(int channel, double tau) {
            return norms[channel] > 0 ? -curves[channel].reach(tau / norms[channel], false) : Double.NEGATIVE_INFINITY;
        }

        @Override
        public double upper(int channel, double tau) {
            return norms[channel] > 0 ? curves[channel].reach(tau / norms[channel], true) : Double.POSITIVE_INFINITY;
        }
    }
}
