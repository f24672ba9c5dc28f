package dev.sparsellm.chess;

/**
 * {@code SiLU(g) = g / (1 + exp(−g))} and its inverse. It falls from 0 to its minimum, about −0.2785 at g ≈ −1.2785,
 * and rises from there on; so {@code |SiLU(g)| ≤ t} holds on one interval of g, or on two where t is below 0.2785.
 */
final class Silu {

    /** Where the minimum is: {@code −1 − W(1/e)}, W being the function of Lambert. */
    static final double LOWEST_AT = -1.2784645427610738;

    private static final double LOWEST = of(LOWEST_AT);
    private static final int STEPS = 60;

    private Silu() {}

    static double of(double g) {
        return g / (1 + Math.exp(-g));
    }

    /** The largest g with {@code SiLU(g) ≤ t}, for t ≥ 0. */
    static double upperBound(double t) {
        if (t > 1e6) {
            return t;
        }
        // SiLU(g) > g/2 for g > 0, and SiLU(g) > g − 0.2785 there.
        return rising(t, 0, Math.min(2 * t, t - LOWEST));
    }

    /** The largest g ≤ {@link #LOWEST_AT} with {@code SiLU(g) ≥ −t}; {@link #LOWEST_AT} itself where all g have it. */
    static double leftTailEnd(double t) {
        if (t >= -LOWEST) {
            return LOWEST_AT;
        }
        if (t <= 0) {
            return Double.NEGATIVE_INFINITY;
        }
        double low = LOWEST_AT;
        while (of(low) < -t) {
            low *= 2;
        }
        double high = LOWEST_AT;
        for (int step = 0; step < STEPS && high - low > 1e-12 * -low; step++) {
            double middle = (low + high) / 2;
            if (of(middle) >= -t) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The smallest g ≥ {@link #LOWEST_AT} with {@code SiLU(g) ≥ −t}. */
    static double lowerBound(double t) {
        return t >= -LOWEST ? LOWEST_AT : rising(-t, LOWEST_AT, 0);
    }

    /** Solves {@code SiLU(g) = value} where SiLU rises: Newton's steps, and halving where they lead out of bounds. */
    private static double rising(double value, double low, double high) {
        double g = (low + high) / 2;
        for (int step = 0; step < STEPS && high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high)); step++) {
            double sigmoid = 1 / (1 + Math.exp(-g));
            double error = g * sigmoid - value;
            if (error < 0) {
                low = g;
            } else {
                high = g;
            }
            double next = g - error / (sigmoid * (1 + g * (1 - sigmoid)));
            if (next == g) {
                return g;
            }
            g = next > low && next < high ? next : (low + high) / 2;
        }
        return g;
    }
}
