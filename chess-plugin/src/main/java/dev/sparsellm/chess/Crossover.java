package dev.sparsellm.chess;

import dev.sparsellm.kernels.Reading;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;

/**
 * From which share on it is faster not to read what is left out. Below, the exact operator is run on what is kept: the
 * same result but for rounding, at the speed of the exact operator, while a sparse one pays for reading here and there.
 * (Half of a matrix in pieces of 2 KB takes three quarters of the time of all of it, Q8_0 on one core of AMD Zen 4.)
 *
 * @param share in [0, 1]
 * @param reading how weights are read then
 */
record Crossover(double share, Reading reading) {

    /**
     * A sparse operator must be faster by this much when it is measured alone. A whole model gains less: on the 8B shape
     * in Q8_0, blocks that had gained from 0.14 on by 1.02 cost it up to a tenth at 0.2 in one run of three.
     */
    private static final double GAIN = 1.05;

    /** One that is not measured. */
    static Crossover at(double share) {
        return new Crossover(share, Reading.FEW_LINES);
    }

    /**
     * By the reading that gains more, all shares together.
     *
     * @param shares ascending, below 1
     * @param gains of each reading, the exact operator's time divided by the sparse one's, at each share
     */
    static Crossover of(double[] shares, Map<Reading, double[]> gains) {
        Reading best = Collections.max(gains.keySet(), Comparator.comparingDouble(reading -> product(gains.get(reading))));
        return new Crossover(share(shares, gains.get(best)), best);
    }

    private static double product(double[] gains) {
        return Arrays.stream(gains).reduce(1, (a, b) -> a * b);
    }

    /**
     * Where a gain is first reached, on the line between two points; the first point if all of them gain. (On a line
     * through the first two, what noise did to them sent it to 0 once, and a token at 0.1 took 1.06 times as long as dense.)
     *
     * @param shares ascending, below 1
     * @param gains at each share
     * @return no less than the first share; 1 if none gains
     */
    static double share(double[] shares, double[] gains) {
        int last = shares.length;
        while (last > 0 && gains[last - 1] >= GAIN) {
            last--;
        }
        if (last == shares.length) {
            return 1;
        }
        if (last == 0) {
            return shares[0];
        }
        double below = gains[last - 1];
        double above = gains[last];
        return shares[last - 1] + (shares[last] - shares[last - 1]) * (GAIN - below) / (above - below);
    }

    /** What an operator's time depends on beside the machine: kinds of weights and shapes. */
    static String kindOf(OperatorKey key, LayerWeights weights) {
        if (key.kind() != OperatorKind.FEED_FORWARD) {
            return "projection " + inWords(Site.of(key.kind()).orElseThrow().weights(weights));
        }
        return "feed-forward " + inWords(weights.gate()) + " " + weights.up().type() + " " + weights.down().type();
    }

    private static String inWords(Tensor matrix) {
        return matrix.type() + " " + matrix.rows() + "x" + matrix.columns();
    }
}
