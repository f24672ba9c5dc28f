package dev.sparsellm.chess;

import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Usage;

/** Adds up what one operator of one session does. */
final class UsageCounter {

    private final long channels;
    private final long denseBytes;
    private long rows;
    private long kept;
    private long bytesRead;
    private long bytesDense;
    private long decodeRows;

    /**
     * Nothing counted.
     *
     * @param channels of the operator
     * @param denseBytes of weights that the exact operator reads
     */
    UsageCounter(long channels, long denseBytes) {
        this.channels = channels;
        this.denseBytes = denseBytes;
    }

    /** Counts a pass that left out nothing. */
    void addExact(Pass pass) {
        add(pass, pass.batch() * channels, denseBytes);
    }

    /** Counts a pass that read all weights, its rows' kept channels multiplied and the others replaced. */
    void addMasked(Pass pass, long keptNow) {
        add(pass, keptNow, denseBytes);
    }

    /** Counts a pass, its rows' kept channels and the bytes it read. */
    void add(Pass pass, long keptNow, long bytesNow) {
        rows += pass.batch();
        kept += keptNow;
        if (pass.phase() == Phase.DECODE) {
            decodeRows += pass.batch();
            bytesRead += bytesNow;
            bytesDense += denseBytes;
        }
    }

    Usage total() {
        return new Usage(rows, kept, rows * channels, bytesRead, bytesDense, decodeRows);
    }
}
