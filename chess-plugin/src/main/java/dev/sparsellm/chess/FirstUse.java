package dev.sparsellm.chess;

import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.TextRunner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * How much text a first use reads: what takes about half a minute on this machine, but no less than serves. A
 * calibration that a user asks for reads what he says, and gives the same bytes everywhere; this one's profile says how
 * much it was.
 *
 * @param windows to calibrate on
 * @param seconds that will take, about
 */
record FirstUse(int windows, double seconds) {

    /** Tokens of a window. */
    static final int WINDOW = 256;

    private static final double BUDGET_SECONDS = 30;

    /**
     * 2048 tokens. On the demo model at 0.7, perplexity is 93.4 from 512 tokens and 94.2 from 16384; but shares drift by
     * 0.013 at Q with 512, and by 0.003 with 2048.
     */
    private static final int FEWEST = 8;

    /** 16384 tokens; more change nothing that could be measured. */
    private static final int MOST = 64;

    private static final int MEASURED_RUNS = 4;
    private static final double MEASURING_SECONDS = 2;

    /** As many windows as the budget allows, each of which takes so long. */
    static FirstUse of(double secondsOfWindow) {
        double each = secondsOfWindow * Calibrator.runsOfWindow();
        int windows = (int) Math.clamp(BUDGET_SECONDS / each, FEWEST, MOST);
        return new FirstUse(windows, windows * each);
    }

    /**
     * Goes on as an interrupted first use began, or measures: the fastest of some windows, since the first ones find cold
     * code.
     */
    static FirstUse measured(TextRunner text, int[] ids, int window, Path checkpoint) {
        double best = Double.POSITIVE_INFINITY;
        double spent = 0;
        int[] some = Arrays.copyOf(ids, Math.min(window, ids.length));
        SessionOperators exact = new SessionOperators() {};
        for (int run = 0; run < MEASURED_RUNS && spent < MEASURING_SECONDS; run++) {
            long start = System.nanoTime();
            text.run(some, exact);
            double seconds = (System.nanoTime() - start) / 1e9;
            best = Math.min(best, seconds);
            spent += seconds;
        }
        FirstUse measured = of(best);
        try {
            int begun = Files.exists(checkpoint) ? ProfileFile.read(checkpoint).provenance().windows() : 0;
            return begun == 0 ? measured : new FirstUse(begun, measured.seconds * begun / measured.windows);
        } catch (ProviderException unreadable) {
            // The calibration itself finds that, too, and says that it starts anew.
            return measured;
        }
    }

    long tokens(int window) {
        return (long) windows * window;
    }

    /** Such as {@code 4096 tokens of a built-in text, about 30 s}. */
    String inWords(int window) {
        return String.format(Locale.ROOT, "%d tokens of a built-in text, about %.0f s", tokens(window), Math.ceil(seconds));
    }
}
