package dev.sparsellm.robustness;

import java.nio.charset.StandardCharsets;

/** The smallest profiles there are: of one layer of two channels. */
final class Profiles {

    private static final String[] KEYS = {
        "general.type", "general.name", "general.alignment", "chess.version", "chess.model.fingerprint",
        "chess.text.sha256", "chess.text.tokens", "chess.window", "chess.seed", "chess.windows", "chess.windows.done",
        "chess.positions", "chess.layers", "chess.resolution", "chess.crc32c", "chess.budget.target",
        "chess.budget.found"
    };

    private static final String[] TENSORS = {
        "blk.0.ffn.norms", "blk.0.ffn.shift", "blk.0.ffn.counts", "blk.0.ffn.sums", "blk.0.ffn.squares",
        "blk.0.ffn.up_abs", "blk.0.ffn.up_square", "blk.0.attn_q.norms", "blk.0.attn_q.shift", "blk.0.attn_q.counts",
        "blk.0.attn_output.norms", "blk.0.attn_output.shift", "blk.0.attn_output.counts", "budget.shares",
        "budget.measured", "blk.1.ffn.norms"
    };

    private static final int F32 = 0;
    private static final int I32 = 26;
    private static final int I64 = 27;

    // Of the coarsest resolution: see Grid, ShiftStatistics and Magnitudes.
    private static final int CHANNELS = 2;
    private static final int HIDDEN_BINS = 20;
    private static final int HIDDEN_GROUPS = 12;
    private static final int INPUT_BINS = 36;
    private static final int HISTOGRAMS = 8;
    private static final int MAGNITUDES = 1600;

    private Profiles() {}

    /** A sound one, as a file. */
    static byte[] small() {
        return profile("0-1", 4).bytes();
    }

    /** Bytes of a file up to behind the last tensor's name in the table. */
    static int headOf(byte[] file) {
        byte[] last = "budget.measured".getBytes(StandardCharsets.US_ASCII);
        for (int at = 0; ; at++) {
            if (java.util.Arrays.equals(file, at, at + last.length, last, 0, last.length)) {
                return at + last.length;
            }
        }
    }

    /**
     * A profile to be spoilt.
     *
     * @param done windows read, such as {@code 0-1} for two
     * @param windows of how many
     */
    static PlausibleGguf profile(String done, int windows) {
        PlausibleGguf profile = new PlausibleGguf(KEYS, TENSORS)
                .text("general.architecture", "chess-profile")
                .text("general.type", "chess-profile")
                .text("general.name", "small")
                .number("chess.version", PlausibleGguf.UINT32, 2)
                .text("chess.model.fingerprint", "0123456789abcdef")
                .text("chess.text.sha256", "00")
                .number("chess.text.tokens", PlausibleGguf.UINT64, 512)
                .number("chess.window", PlausibleGguf.UINT32, 2)
                .number("chess.seed", 11, 0)
                .number("chess.windows", PlausibleGguf.UINT32, windows)
                .text("chess.windows.done", done)
                .number("chess.positions", PlausibleGguf.UINT64, 4)
                .number("chess.layers", PlausibleGguf.UINT32, 1)
                .number("chess.resolution", PlausibleGguf.UINT32, 0)
                .checksum("chess.crc32c")
                .text("chess.budget.target", "kl<=0.01")
                .text("chess.budget.found", "chess+");
        place(profile, "blk.0.ffn.", HIDDEN_BINS);
        profile.tensor("blk.0.ffn.sums", I64, ones(CHANNELS * HIDDEN_GROUPS, 8), HIDDEN_GROUPS, CHANNELS)
                .tensor("blk.0.ffn.squares", I64, ones(CHANNELS * HIDDEN_GROUPS, 8), HIDDEN_GROUPS, CHANNELS)
                .tensor("blk.0.ffn.up_abs", I64, ones(2 * CHANNELS, 8), CHANNELS, 2)
                .tensor("blk.0.ffn.up_square", I64, ones(2 * CHANNELS, 8), CHANNELS, 2);
        place(profile, "blk.0.attn_q.", INPUT_BINS);
        place(profile, "blk.0.attn_output.", INPUT_BINS);
        return profile.tensor("budget.shares", F32, new byte[12], 3, 1).tensor("budget.measured", F32, new byte[16], 4);
    }

    private static void place(PlausibleGguf profile, String prefix, int bins) {
        profile.tensor(prefix + "norms", F32, ones(CHANNELS, 4), CHANNELS)
                .tensor(prefix + "shift", I32, ones(HISTOGRAMS * MAGNITUDES, 4), MAGNITUDES, HISTOGRAMS)
                .tensor(prefix + "counts", I32, counts(bins), bins, CHANNELS);
    }

    /** Each channel at four positions, in the middle, where thresholds come to be. */
    private static byte[] counts(int bins) {
        byte[] counts = new byte[CHANNELS * bins * 4];
        for (int channel = 0; channel < CHANNELS; channel++) {
            for (int bin = bins / 2 - 2; bin < bins / 2 + 2; bin++) {
                counts[(channel * bins + bin) * 4] = 1;
            }
        }
        return counts;
    }

    /** Whole numbers 1, or as floats the smallest there are. */
    private static byte[] ones(int count, int bytes) {
        byte[] ones = new byte[count * bytes];
        for (int i = 0; i < ones.length; i += bytes) {
            ones[i] = 1;
        }
        return ones;
    }
}
