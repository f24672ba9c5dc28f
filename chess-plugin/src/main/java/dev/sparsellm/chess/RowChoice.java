package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;

/**
 * Which channels of a row one site of one session keeps: all of them at the first positions of a text, if so protected;
 * else those outside the selection's bounds, which may be widened and narrowed together so that the share left out stays
 * what was asked for.
 *
 * <p>That controller works on the logarithm of a factor g on all bounds: {@code log g ← log g + RATE · (asked − left out)}
 * after each token, so it averages over some fifty. It starts anew where a text does, or goes back; what it does depends
 * on nothing but the passes of its session. Measured in docs/quality.md.
 */
final class RowChoice {

    private static final double RATE = 0.05;
    private static final double MOST = Math.log(4);

    private final PreparedSite prepared;
    private final Protection protection;
    private final Kernels kernels;
    private boolean written; // whether rows are text being written, not a prompt that is read
    private int position; // of row 0
    private int expected; // the position that comes next where a text goes on
    private double logScale;
    private float inverse = 1;

    RowChoice(PreparedSite prepared, Protection protection, Kernels kernels) {
        this.prepared = prepared;
        this.protection = protection;
        this.kernels = kernels;
    }

    /** How an operator runs a pass. */
    enum Run {
        /** All channels of all rows. */
        EXACTLY,
        /** The exact operator, on what is kept. */
        MASKED,
        /** Without reading what is left out. */
        SPARSELY
    }

    /** How a pass is to be run. */
    Run run(Pass pass) {
        boolean prompt = pass.phase() == Phase.PREFILL;
        if (pass.position() + pass.batch() <= protection.denseTokens() || prompt && !protection.maskedPrefill()) {
            return Run.EXACTLY;
        }
        return prompt || !prepared.skips() ? Run.MASKED : Run.SPARSELY;
    }

    /** Rows that follow stand at these positions. */
    void begin(Pass pass, int first) {
        written = pass.phase() == Phase.DECODE;
        position = pass.position() + first;
        if (protection.hold() && position != expected) {
            logScale = 0;
            inverse = 1;
        }
    }

    /** As {@link PreparedSite#list}. */
    int list(int row, float[] values, int offset, int from, int to, int[] kept, int keptOffset) {
        if (position + row < protection.denseTokens()) {
            for (int i = from; i < to; i++) {
                kept[keptOffset + i - from] = i;
            }
            return to - from;
        }
        return prepared.list(kernels, values, offset, inverse, from, to, kept, keptOffset);
    }

    /** As {@link Selection#mask}; bounds are not moved by text that is only read. */
    int mask(int row, float[] tested, float[] values, int at, float[] out, int from, int to) {
        if (position + row < protection.denseTokens()) {
            if (out != values) {
                System.arraycopy(values, at + from, out, at + from, to - from);
            }
            return to - from;
        }
        return prepared.selection()
                .mask(kernels, tested, at, written ? inverse : 1, values, at, out, at, from, to);
    }

    /** Rows have been run exactly, which tells the controller nothing. */
    void passed(int rows) {
        expected = position + rows;
    }

    /** Rows have been run, and so many of their channels kept. */
    void passed(int rows, long kept) {
        passed(rows);
        if (written && protection.hold() && position >= protection.denseTokens()) {
            double leftOut = 1 - (double) kept / ((long) rows * prepared.selection().channels());
            logScale = Math.clamp(logScale + RATE * rows * (prepared.share() - leftOut), -MOST, MOST);
            inverse = (float) Math.exp(-logScale);
        }
    }
}
