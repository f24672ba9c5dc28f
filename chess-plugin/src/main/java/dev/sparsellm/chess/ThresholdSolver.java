package dev.sparsellm.chess;

/**
 * Places the thresholds of one site: {@code t_i = τ / w_i}, τ being the quantile of {@code |value_i| · w_i} over all
 * channels and positions seen (CHESS, EMNLP 2024, section 3.2; CATS is the case w = 1). Solves for one share at a time.
 */
final class ThresholdSolver {

    private static final int STEPS = 200;
    private static final int ROUNDS = 3;

    private final Site site;
    private final SiteStatistics seen;
    private final Distribution[] distributions; // [channels]
    private final MeanOfUp[] ups; // [channels], made when first needed: half of the work of a solution

    ThresholdSolver(Site site, SiteStatistics seen) {
        this.site = site;
        this.seen = seen;
        this.distributions = new Distribution[seen.channels()];
        this.ups = new MeanOfUp[seen.channels()];
        double[] edges = seen.grid().edges();
        for (int channel = 0; channel < distributions.length; channel++) {
            distributions[channel] =
                    new Distribution(edges, seen.counts(), channel * seen.grid().bins());
        }
    }

    /**
     * Places thresholds: {@code t_i = τ / w_i} on either side of zero.
     *
     * @param weights {@code [channels]}, not negative: what a unit of each channel is worth
     * @param share of values to leave out, between 0 and 1
     * @param correction what τ is multiplied with before it is used
     * @param compensate whether what is left out shall count with its mean
     */
    Selection solve(double[] weights, double share, double correction, boolean compensate) {
        return select(new Bounds.Weighted(weights, new double[weights.length]), share, correction, compensate);
    }

    /**
     * Places thresholds by the error that is left once what is left out counts with its mean. What the heads give is
     * left out where it is near its mean, not near zero. (Not so the inputs of Q: on a model of 260 K parameters that
     * helps at 50 % and hurts at 30 and 70.)
     *
     * @param norms {@code [channels]}: ‖W[:,i]‖₂
     * @param correction what τ is multiplied with before it is used
     */
    Selection solveByError(float[] norms, double share, double correction) {
        if (site != Site.FEED_FORWARD) {
            double[] weights = new double[norms.length];
            double[] centres = new double[norms.length];
            for (int channel = 0; channel < norms.length; channel++) {
                weights[channel] = norms[channel];
                centres[channel] = site == Site.OUTPUT ? mean(channel) : 0;
            }
            return select(new Bounds.Weighted(weights, centres), share, correction, true);
        }
        // Errors depend on the means, these on what is dropped for its error: a few rounds settle it.
        float[] substitutes = new float[norms.length];
        Selection selection = null;
        for (int round = 0; round < ROUNDS; round++) {
            ErrorCurve[] curves = new ErrorCurve[norms.length];
            for (int channel = 0; channel < norms.length; channel++) {
                Distribution gates = distributions[channel];
                curves[channel] = new ErrorCurve(
                        seen, channel, gates, up(channel), substitutes[channel]);
            }
            selection = select(new Bounds.Expected(curves, norms), share, correction, true);
            substitutes = selection.substitutes();
        }
        return selection;
    }

    private double mean(int channel) {
        return inputSum(channel, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY) / distributions[channel].total();
    }

    private Selection select(Bounds bounds, double share, double correction, boolean compensate) {
        int channels = distributions.length;
        double tau = correction * quantile(bounds, share);
        float[] lower = new float[channels];
        float[] upper = new float[channels];
        float[] substitutes = new float[channels];
        double dropped = 0;
        double total = 0;
        for (int channel = 0; channel < channels; channel++) {
            lower[channel] = finite(bounds.lower(channel, tau));
            upper[channel] = finite(bounds.upper(channel, tau));
            double here = dropped(channel, lower[channel], upper[channel]);
            dropped += here;
            total += distributions[channel].total();
            if (compensate && here > 0) {
                substitutes[channel] = (float) (droppedSum(channel, lower[channel], upper[channel]) / here);
            }
        }
        return new Selection(lower, upper, substitutes, compensate, tau, total == 0 ? 0 : dropped / total);
    }

    /** Infinities must be kept: they have to reach the output. */
    private static float finite(double bound) {
        return (float) Math.clamp(bound, -Float.MAX_VALUE, Float.MAX_VALUE);
    }

    /** Illinois' variant of regula falsi on the logarithm of τ, within a bracket that halving keeps shrinking. */
    private double quantile(Bounds bounds, double share) {
        double total = 0;
        for (Distribution distribution : distributions) {
            total += distribution.total();
        }
        double target = share * total;
        double low = -64;
        double high = 64;
        double lowError = excess(low, bounds, target);
        double highError = excess(high, bounds, target);
        int side = 0;
        for (int step = 0; step < STEPS && high - low > 1e-10; step++) {
            double middle = step % 3 == 0 || highError == lowError
                    ? (low + high) / 2
                    : (low * highError - high * lowError) / (highError - lowError);
            double error = excess(middle, bounds, target);
            if (Math.abs(error) <= 1e-9 * total) {
                return Math.pow(2, middle);
            }
            if (error < 0) {
                low = middle;
                lowError = error;
                highError = side < 0 ? highError / 2 : highError;
                side = -1;
            } else {
                high = middle;
                highError = error;
                lowError = side > 0 ? lowError / 2 : lowError;
                side = 1;
            }
        }
        return Math.pow(2, high);
    }

    private double excess(double logTau, Bounds bounds, double target) {
        double tau = Math.pow(2, logTau);
        double dropped = 0;
        for (int channel = 0; channel < distributions.length; channel++) {
            dropped += dropped(channel, bounds.lower(channel, tau), bounds.upper(channel, tau));
        }
        return dropped - target;
    }

    /** How many of a channel's values are within bounds. */
    private double dropped(int channel, double lower, double upper) {
        Distribution values = distributions[channel];
        if (site != Site.FEED_FORWARD) {
            return values.atMost(upper) - values.atMost(lower);
        }
        // What was recorded is the gate; SiLU is near zero on its left tail and around zero.
        return values.atMost(Silu.leftTailEnd(-lower))
                + values.atMost(Silu.upperBound(upper))
                - values.atMost(Silu.lowerBound(-lower));
    }

    /** The sum of what {@link #dropped} counts: of the inputs, or of the hidden activations. */
    private double droppedSum(int channel, double lower, double upper) {
        if (site != Site.FEED_FORWARD) {
            return inputSum(channel, lower, upper);
        }
        MeanOfUp up = up(channel);
        return hiddenSum(channel, up, Double.NEGATIVE_INFINITY, Silu.leftTailEnd(-lower))
                + hiddenSum(channel, up, Silu.lowerBound(-lower), Silu.upperBound(upper));
    }

    private double inputSum(int channel, double from, double to) {
        Distribution values = distributions[channel];
        double sum = 0;
        for (int bin = values.bin(from); bin <= values.bin(to); bin++) {
            double low = Math.max(from, values.lowerEdge(bin));
            double high = Math.min(to, values.upperEdge(bin));
            sum += values.between(bin, low, high) * values.middle(bin, low, high);
        }
        return sum;
    }

    /** Hidden activations were summed by groups of bins: see {@link MeanOfUp} for what a part of a group gets. */
    private double hiddenSum(int channel, MeanOfUp up, double from, double to) {
        Distribution values = distributions[channel];
        double sum = 0;
        for (int bin = values.bin(from); bin < seen.grid().bins() && values.lowerEdge(bin) < to; bin++) {
            sum += up.hiddenSum(bin, Math.max(from, values.lowerEdge(bin)), Math.min(to, values.upperEdge(bin)));
        }
        return sum;
    }

    private MeanOfUp up(int channel) {
        if (ups[channel] == null) {
            ups[channel] = new MeanOfUp(seen, channel, distributions[channel]);
        }
        return ups[channel];
    }
}
