package dev.sparsellm.chess;

/**
 * The mean of a channel's up projection as a function of its gate, from sums over groups of bins: linear between the
 * groups' centres, and raised or lowered within each group so that the group's sum comes out exactly.
 */
final class MeanOfUp {

    private final Grid grid;
    private final Distribution values;
    private final double[] centres; // [groups]
    private final double[] means; // [groups]
    private final double[] corrections; // [groups]
    private final double[] meanSquares; // [groups]

    /** @param values the gate's distribution */
    MeanOfUp(SiteStatistics seen, int channel, Distribution values) {
        this.values = values;
        grid = seen.grid();
        int groups = grid.groups();
        centres = new double[groups];
        means = new double[groups];
        corrections = new double[groups];
        meanSquares = new double[groups];
        double[] counts = new double[groups];
        double[] activated = new double[groups]; // Σ SiLU(gate)
        double[] moments = new double[groups]; // Σ SiLU(gate) · gate
        double[] ofBin = new double[grid.bins()]; // Σ SiLU(gate)
        for (int bin = 0; bin < grid.bins(); bin++) {
            double gate = values.middle(bin);
            ofBin[bin] = values.activated(bin, values.lowerEdge(bin), values.upperEdge(bin));
            activated[grid.group(bin)] += ofBin[bin];
            moments[grid.group(bin)] += ofBin[bin] * gate;
            counts[grid.group(bin)] += seen.counts()[channel * grid.bins() + bin];
        }
        for (int group = 0; group < groups; group++) {
            meanSquares[group] = counts[group] == 0 ? 0 : seen.upSquareSum(channel, group) / counts[group];
            if (activated[group] != 0) {
                means[group] = seen.hiddenSum(channel, group) / activated[group];
                centres[group] = moments[group] / activated[group];
            } else {
                centres[group] = Double.NaN;
            }
        }
        double[] sums = new double[groups];
        for (int bin = 0; bin < grid.bins(); bin++) {
            double gate = values.middle(bin);
            int group = grid.group(bin);
            if (activated[group] != 0) {
                sums[group] += ofBin[bin] * between(gate, group);
            }
        }
        for (int group = 0; group < groups; group++) {
            if (activated[group] != 0) {
                corrections[group] = (seen.hiddenSum(channel, group) - sums[group]) / activated[group];
            }
        }
    }

    /** The mean where the gate has a value, which lies in a bin. */
    double mean(double gate, int bin) {
        int group = grid.group(bin);
        return Double.isNaN(centres[group]) ? 0 : between(gate, group) + corrections[group];
    }

    /** {@code [groups]}: means of up². */
    double[] meanSquares() {
        return meanSquares;
    }

    /** The sum of the hidden activation where the gate lies between two bounds in one bin. */
    double hiddenSum(int bin, double low, double high) {
        return values.activated(bin, low, high) * mean(values.middle(bin, low, high), bin);
    }

    /** Linear between the centre of a group and that of the next one on the other side of {@code gate}. */
    private double between(double gate, int group) {
        int other = gate < centres[group] ? group - 1 : group + 1;
        if (other < 0 || other >= centres.length || Double.isNaN(centres[other])) {
            return means[group];
        }
        double share = Math.clamp((gate - centres[group]) / (centres[other] - centres[group]), 0, 1);
        return means[group] + share * (means[other] - means[group]);
    }
}
