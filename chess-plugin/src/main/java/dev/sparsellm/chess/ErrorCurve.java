package dev.sparsellm.chess;

/**
 * The root mean square error of a hidden activation {@code h = a·u} that is replaced by m, as a function of
 * {@code a = SiLU(gate)}, which is known when it is decided: {@code e(a)² = E[(a·u − m)² | a]}. It takes into account
 * that up projections differ in size, and in sign, with the gate. Non-decreasing away from a = 0.
 */
final class ErrorCurve {

    private static final int MIN_EXPONENT = -8;
    private static final int BANDS = 12;

    /** So many imagined values, spread like all of the channel's, in each band. */
    private static final double PRIOR = 10;

    private final double[] positive; // [BANDS]: e at 2^(MIN_EXPONENT + band)
    private final double[] negative; // [BANDS]

    /** @param m what stands for what is left out */
    ErrorCurve(SiteStatistics seen, int channel, Distribution gates, MeanOfUp up, double m) {
        double[][] squares = new double[2][BANDS]; // Σ ((h − m) / a)²
        double[][] counts = new double[2][BANDS];
        double allSquares = 0;
        double allCounts = 0;
        Grid grid = seen.grid();
        double[] meanSquares = up.meanSquares();
        for (int bin = 0; bin < grid.bins(); bin++) {
            int count = seen.counts()[channel * grid.bins() + bin];
            if (count == 0) {
                continue;
            }
            double gate = gates.middle(bin);
            double a = Silu.of(gate);
            double size = Math.max(Math.abs(a), Math.scalb(1.0, MIN_EXPONENT));
            double relative = m / size;
            double square = meanSquares[grid.group(bin)]
                    - 2 * relative * Math.signum(a) * up.mean(gate, bin)
                    + relative * relative;
            int band = Math.clamp(Math.getExponent(size) - MIN_EXPONENT, 0, BANDS - 1);
            int side = a < 0 ? 1 : 0;
            squares[side][band] += count * Math.max(0, square);
            counts[side][band] += count;
            allSquares += count * Math.max(0, square);
            allCounts += count;
        }
        double all = allCounts == 0 ? 0 : allSquares / allCounts;
        positive = curve(squares[0], counts[0], all);
        negative = curve(squares[1], counts[1], all);
    }

    /** How far from zero a may be, to one side, for the error to be at most this. */
    double reach(double error, boolean toPositive) {
        double[] curve = toPositive ? positive : negative;
        double from = 0;
        double errorFrom = 0;
        for (int band = 0; band < BANDS; band++) {
            double to = Math.scalb(1.0, MIN_EXPONENT + band);
            if (error < curve[band]) {
                return from + (to - from) * (error - errorFrom) / (curve[band] - errorFrom);
            }
            from = to;
            errorFrom = curve[band];
        }
        return errorFrom > 0 ? from * error / errorFrom : Double.POSITIVE_INFINITY;
    }

    private static double[] curve(double[] squares, double[] counts, double all) {
        double[] curve = new double[BANDS];
        double before = Math.sqrt((squares[0] + PRIOR * all) / (counts[0] + PRIOR));
        double most = 0;
        for (int band = 0; band < BANDS; band++) {
            double slope = Math.sqrt((squares[band] + PRIOR * all) / (counts[band] + PRIOR));
            most = Math.max(most, Math.scalb((before + slope) / 2, MIN_EXPONENT + band));
            curve[band] = most;
            before = slope;
        }
        return curve;
    }
}
