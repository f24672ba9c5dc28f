package dev.sparsellm.chess;

import java.util.List;

/**
 * Moves bytes between places, none lost: to where leaving out one more costs little, from where it costs much. Where all
 * of a model's places cost the same for the next byte, nothing is gained by a move (the condition of Karush, Kuhn and
 * Tucker for a sum of convex costs).
 */
final class Exchange {

    /** A curve may look flat or bent downwards by chance: no place counts as flatter than this part of the mean. */
    private static final double FLATTEST = 0.25;

    /** Where there are only lines, each is bent by so little, of the steepest, that all goes to the cheapest. */
    private static final double BENT = 1e-6;
    private static final int HALVINGS = 100;

    private Exchange() {}

    /**
     * Damage of the whole model near an allocation when one place alone saves more or fewer bytes:
     * {@code slope·x + curvature·x²/2}, x being the share of the place's own bytes.
     */
    record Parabola(double slope, double curvature) {

        /** The parabola through (0, 0) and two more points on either side, or the line if both are on one. */
        static Parabola through(double less, double damageOfLess, double more, double damageOfMore) {
            if (less >= 0) {
                return new Parabola(damageOfMore / more, 0);
            }
            if (more <= 0) {
                return new Parabola(damageOfLess / less, 0);
            }
            double curvature = 2 * (damageOfMore / more - damageOfLess / less) / (more - less);
            return new Parabola(damageOfLess / less - curvature * less / 2, curvature);
        }
    }

    /**
     * Where parabolas together are least.
     *
     * @param parabolas of each place
     * @param bytes of each place; one of none stays as it is
     * @param least how far each share may be moved downwards, not positive
     * @param most how far each may be moved upwards, not negative
     * @return how far each is moved; bytes moved add up to nothing
     */
    static double[] steps(List<Parabola> parabolas, double[] bytes, double[] least, double[] most) {
        double steepest = parabolas.stream().mapToDouble(p -> Math.abs(p.slope())).max().orElse(0);
        double mean = parabolas.stream()
                .mapToDouble(Parabola::curvature)
                .filter(curvature -> curvature > 0)
                .average()
                .orElse(BENT * steepest);
        // Above 0, so that there is one way to move as many bytes.
        double flattest = Math.max(FLATTEST * mean, Double.MIN_NORMAL);
        double[] curvatures = parabolas.stream().mapToDouble(p -> Math.max(p.curvature(), flattest)).toArray();
        // The price of a byte at which as many are taken as given: dearer, and more are taken.
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] > 0) {
                low = Math.min(low, (parabolas.get(i).slope() + curvatures[i] * least[i]) / bytes[i]);
                high = Math.max(high, (parabolas.get(i).slope() + curvatures[i] * most[i]) / bytes[i]);
            }
        }
        double[] steps = new double[bytes.length];
        for (int halving = 0; halving < HALVINGS; halving++) {
            double price = (low + high) / 2;
            double moved = 0;
            for (int i = 0; i < steps.length; i++) {
                if (bytes[i] > 0) {
                    double gain = price * bytes[i] - parabolas.get(i).slope();
                    steps[i] = Math.clamp(gain / curvatures[i], least[i], most[i]);
                    moved += steps[i] * bytes[i];
                }
            }
            if (moved > 0) {
                high = price;
            } else {
                low = price;
            }
        }
        return steps;
    }
}
