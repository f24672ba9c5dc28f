package dev.sparsellm.chess;

import dev.sparsellm.spi.ProviderException;
import java.util.BitSet;

/**
 * How a profile was made.
 *
 * @param modelName for messages
 * @param fingerprint of the model
 * @param textHash SHA-256 of the text's ids, hexadecimal
 * @param textTokens ids of the text
 * @param window ids in a window
 * @param seed that chose the windows; 0 where all were used
 * @param windows of the text that were chosen
 * @param done which of these were read, by number
 */
record Provenance(
        String modelName,
        String fingerprint,
        String textHash,
        long textTokens,
        int window,
        long seed,
        int windows,
        BitSet done) {

    /** Positions seen. */
    long positions() {
        return (long) done.cardinality() * window;
    }

    /** The windows read, such as {@code 0-3,8}. */
    String doneRanges() {
        StringBuilder ranges = new StringBuilder();
        for (int from = done.nextSetBit(0); from >= 0; ) {
            int to = done.nextClearBit(from);
            ranges.append(ranges.isEmpty() ? "" : ",").append(from);
            if (to - from > 1) {
                ranges.append('-').append(to - 1);
            }
            from = done.nextSetBit(to);
        }
        return ranges.toString();
    }

    /** Reads {@link #doneRanges()}. */
    static BitSet parseRanges(String ranges, int windows) {
        BitSet done = new BitSet();
        if (ranges.isEmpty()) {
            return done;
        }
        for (String range : ranges.split(",", -1)) {
            int dash = range.indexOf('-');
            int from = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
            int to = dash < 0 ? from : Integer.parseInt(range.substring(dash + 1));
            if (to < from || to >= windows) {
                throw new NumberFormatException(range);
            }
            done.set(from, to + 1);
        }
        return done;
    }

    /** Whether both read parts of the same windows of the same text with the same model. */
    boolean sameWork(Provenance other) {
        return fingerprint.equals(other.fingerprint)
                && textHash.equals(other.textHash)
                && textTokens == other.textTokens
                && window == other.window
                && seed == other.seed
                && windows == other.windows;
    }

    /** With the windows of another added. */
    Provenance plus(Provenance other) {
        if (!sameWork(other)) {
            throw new ProviderException("These profiles do not belong together: one is of " + this + ", one of " + other
                    + "; give shards of one calibration");
        }
        if (done.intersects(other.done)) {
            BitSet both = (BitSet) done.clone();
            both.and(other.done);
            throw new ProviderException("Window " + both.nextSetBit(0)
                    + " is in more than one of these profiles; give each shard once");
        }
        BitSet union = (BitSet) done.clone();
        union.or(other.done);
        return new Provenance(modelName, fingerprint, textHash, textTokens, window, seed, windows, union);
    }

    @Override
    public String toString() {
        return "model %s, text %.8s (%d ids), window %d, seed %d, windows %s of %d"
                .formatted(modelName, textHash, textTokens, window, seed, doneRanges(), windows);
    }
}
