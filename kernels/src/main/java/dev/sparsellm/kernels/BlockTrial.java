package dev.sparsellm.kernels;

import java.util.Arrays;

/**
 * Finds out, while rows are multiplied, in blocks of which size they come faster from this machine's memory: sizes take turns
 * until enough ranges of rows have been timed, then the one with the lower median stays. No bit of a result depends on it. Safe
 * for several threads.
 *
 * <p>Machines differ by a fifth, and not in what they say of themselves: rows of Q8_0 four of which lie 35 KB apart come
 * 1.05 to 1.08 times as fast as such that lie 140 to 560 KB apart on Intel's Granite Rapids, and at 0.82 to 0.9 of their speed on AMD's
 * Zen 5.
 */
final class BlockTrial {

    /**
     * Ranges of each size that count, after as many that do not, while methods around the kernel are compiled: some tokens' worth.
     * (With 255 in all, one JVM of six chose the slower size.) Odd, for a median.
     */
    static final int SAMPLES = 1001;

    /**
     * Ranges that one size is tried on before the next is, by all threads: of two threads that take turns, each would always have
     * had the same size, and the size of the faster core would have stayed.
     */
    static final int TURN = 64;

    /** Slower than so many nanoseconds for a byte is code that is not compiled yet. */
    private static final double TOO_SLOW = 1;

    private final double[][] nanosPerByte; // [sizes][SAMPLES], empty where there is no choice
    private final int[] timed; // [sizes]
    private int ranges;
    private int missing; // of all sizes; counted, so that a range costs no search
    private volatile int settled;

    /** @param sizes how many there are to choose from */
    BlockTrial(int sizes) {
        boolean open = sizes > 1;
        nanosPerByte = new double[sizes][open ? SAMPLES : 0];
        timed = new int[sizes];
        missing = sizes * 2 * SAMPLES;
        settled = open ? -1 : 0;
    }

    /** The number of the size that is the fastest; -1 as long as that is open. */
    int settled() {
        return settled;
    }

    /** The number of a size to be tried. */
    synchronized int next() {
        ranges = (ranges + 1) % (TURN * timed.length);
        return ranges / TURN;
    }

    /** Counts a range of rows. */
    synchronized void took(int size, long bytes, long nanos) {
        double each = (double) nanos / bytes;
        if (settled >= 0 || each > TOO_SLOW || timed[size] == 2 * SAMPLES) {
            return;
        }
        nanosPerByte[size][timed[size]++ % SAMPLES] = each;
        missing--;
        if (missing == 0) {
            int best = 0;
            for (int i = 1; i < timed.length; i++) {
                best = median(i) < median(best) ? i : best;
            }
            settled = best;
        }
    }

    private double median(int size) {
        double[] sorted = nanosPerByte[size].clone();
        Arrays.sort(sorted);
        return sorted[SAMPLES / 2];
    }
}
