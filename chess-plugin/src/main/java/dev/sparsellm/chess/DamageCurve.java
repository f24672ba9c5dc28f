package dev.sparsellm.chess;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What one place costs against the bytes it saves, the rest of the model as it is: the lower convex hull of what was
 * measured, so that the next byte never costs less than the one before.
 */
final class DamageCurve {

    /**
     * A level that was measured.
     *
     * @param share asked for
     * @param saved bytes a token
     * @param damage KL of the whole model, nats
     */
    record Level(double share, double saved, double damage) {}

    private final List<Level> hull;

    DamageCurve(List<Level> measured) {
        List<Level> sorted = new ArrayList<>(measured);
        sorted.sort(Comparator.comparingDouble(Level::saved).thenComparingDouble(Level::damage));
        List<Level> lower = new ArrayList<>();
        for (Level level : sorted) {
            if (!lower.isEmpty() && level.saved() <= lower.getLast().saved()) {
                continue;
            }
            while (lower.size() > 1 && slope(lower.get(lower.size() - 2), lower.getLast()) >= slope(lower.getLast(), level)) {
                lower.removeLast();
            }
            lower.add(level);
        }
        hull = List.copyOf(lower);
    }

    private static double slope(Level from, Level to) {
        return (to.damage() - from.damage()) / (to.saved() - from.saved());
    }

    /** The least bytes that can be saved here. */
    Level first() {
        return hull.getFirst();
    }

    /** The steps from there, each with a larger damage per byte than the one before. */
    List<Step> steps(int number) {
        List<Step> steps = new ArrayList<>();
        for (int i = 1; i < hull.size(); i++) {
            steps.add(new Step(number, hull.get(i - 1), hull.get(i), slope(hull.get(i - 1), hull.get(i))));
        }
        return steps;
    }

    /**
     * A piece of a curve.
     *
     * @param number of the place
     * @param slope damage per byte
     */
    record Step(int number, Level from, Level to, double slope) {

        double bytes() {
            return to.saved() - from.saved();
        }
    }
}
