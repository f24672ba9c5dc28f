package dev.sparsellm.chess;

import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.Phase;

/** What a {@link Selection} does to exact values, for anyone who wants to check the operators. */
final class MaskingRule {

    private MaskingRule() {}

    /** Of a site; without a selection nothing is ever left out. */
    static Approximation of(Site site, Selection selection, boolean maskedPrefill) {
        if (selection == null) {
            return new Approximation.Exact();
        }
        return site == Site.FEED_FORWARD
                ? new Hidden(selection, maskedPrefill)
                : new Input(selection, maskedPrefill);
    }

    private record Input(Selection selection, boolean maskedPrefill) implements Approximation.OfInput {
        @Override
        public void change(Phase phase, double[] x) {
            replace(selection, phase == Phase.DECODE || maskedPrefill, x, x);
        }
    }

    private record Hidden(Selection selection, boolean maskedPrefill) implements Approximation.OfHidden {
        @Override
        public void change(Phase phase, double[] gate, double[] hidden) {
            replace(selection, phase == Phase.DECODE || maskedPrefill, gate, hidden);
        }
    }

    private static void replace(Selection selection, boolean active, double[] tested, double[] values) {
        for (int i = 0; active && i < selection.channels(); i++) {
            if (Selection.leavesOut((float) tested[i], selection.lower()[i], selection.upper()[i])) {
                values[i] = selection.substitutes()[i];
            }
        }
    }
}
