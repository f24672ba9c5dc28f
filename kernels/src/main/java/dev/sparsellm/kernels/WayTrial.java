package dev.sparsellm.kernels;

import java.util.Arrays;

/**
 * Finds out, while rows are multiplied, which {@link Way} of a type is the fastest on this machine: ways take turns until enough
 * ranges of rows have been timed, then the one with the lowest median stays. No bit of a result depends on it. Safe for several
 * threads.
 *
 * <p>Machines differ by a fifth, and not in what they say of themselves: rows of Q8_0 four of which lie 35 KB apart come
 * 1.05 to 1.08 times as fast as such that lie 140 to 560 KB apart on Intel's Granite Rapids, and at 0.82 to 0.9 of their speed on AMD's
 * Zen 5; F16 by its bits, see {@link VectorF16}, 1.3 times as fast as converted on the latter, and more slowly on Intel.
 */
final class WayTrial {

    /**
     * Ranges of each way that count, after as many that do not, while methods around the kernel are compiled: some tokens' worth.
     * (With 255 in all, one JVM of six chose the slower way.) Odd, for a median.
     */
    static final int SAMPLES = 1001;

    /**
     * Ranges that one way is tried on before the next is, by all threads: of two threads that take turns, each would always have
     * had the same way, and the way of the faster core would have stayed. Prime, since the ranges of a token are a multiple of
     * 32 or more: with 64, each way was timed on the same layers all the time, which may lie on slower pages than the others.
     */
    static final int TURN = 61;

    /** Slower than so many nanoseconds for a byte is code that is not compiled yet. */
    private static final double TOO_SLOW = 1;

    private final double[][] nanosPerByte; // [ways][SAMPLES], empty where there is no choice
    private final int[] timed; // [ways]
    private int ranges;
    private int missing; // of all ways; counted, so that a range costs no search
    private volatile int settled;

    /** @param ways how many there are to choose from */
    WayTrial(int ways) {
        boolean open = ways > 1;
        nanosPerByte = new double[ways][open ? SAMPLES : 0];
        timed = new int[ways];
        missing = ways * 2 * SAMPLES;
        settled = open ? -1 : 0;
    }

    /** The number of the way that is the fastest; -1 as long as that is open. */
    int settled() {
        return settled;
    }

    /** The number of a way to be tried. */
    synchronized int next() {
        ranges = (ranges + 1) % (TURN * timed.length);
        return ranges / TURN;
    }

    /** Counts a range of rows. */
    synchronized void took(int way, long bytes, long nanos) {
        double each = (double) nanos / bytes;
        if (settled >= 0 || each > TOO_SLOW || timed[way] == 2 * SAMPLES) {
            return;
        }
        nanosPerByte[way][timed[way]++ % SAMPLES] = each;
        missing--;
        if (missing == 0) {
            int best = 0;
            for (int i = 1; i < timed.length; i++) {
                best = median(i) < median(best) ? i : best;
            }
            settled = best;
        }
    }

    private double median(int way) {
        double[] sorted = nanosPerByte[way].clone();
        Arrays.sort(sorted);
        return sorted[SAMPLES / 2];
    }
}
