package dev.sparsellm.kernels;

/**
 * How much is asked of memory at a time where what is read does not follow each other: listed rows, listed channels. Which is
 * faster is a matter of the machine, and to be measured on it. On AMD Zen 5, half of the rows of Q8_0 and Q4_0 come 1.15 to
 * 1.3 times as fast by {@link #MANY_LINES}, and half of the channels 1.05 to 1.12 times; on Intel's Granite Rapids rows come
 * at 0.74 to 0.98 of the speed, channels at 0.85 to 1.0. On AMD Zen 3 rows of F16 and BF16 come 1.0 to 1.15 times as fast by
 * {@link #MANY_LINES}, those of Q8_0 and Q4_0 at 0.91 to 0.95; channels of 4 bits 1.13 to 1.2 times, of BF16 at 0.72.
 */
public enum Reading {

    /** Four rows are read as they are multiplied; eight channels side by side. */
    FEW_LINES(4, 0, 8, 5),

    /**
     * Eight rows are read as they are multiplied, where a type has a kernel for as many; of other types {@link FirstLines} of four rows
     * are loaded before these are multiplied. 16 channels side by side.
     */
    MANY_LINES(8, 16, 16, 8),

    /** Rows as by {@link #MANY_LINES}, channels as by {@link #FEW_LINES}. */
    MANY_ROWS(8, 16, 8, 5),

    /** The other way round. */
    MANY_CHANNELS(4, 0, 16, 8);

    /** The most that {@link #channels} says. */
    static final int MOST_CHANNELS = 16;

    private final int rows;
    private final int firstLines;
    private final int channels;
    private final int shortChannels;

    Reading(int rows, int firstLines, int channels, int shortChannels) {
        this.rows = rows;
        this.firstLines = firstLines;
        this.channels = channels;
        this.shortChannels = shortChannels;
    }

    /** Listed rows side by side, where a type has a kernel for as many. */
    int rows() {
        return rows;
    }

    /** Lines of the cache of each listed row that are loaded before it is multiplied, where it has none. */
    int firstLines() {
        return firstLines;
    }

    /** Channels that are read side by side, at the most. (Of four, latency shows.) */
    int channels() {
        return channels;
    }

    /**
     * The same of codes that share scales. Fewer where channels are so short that several lie in a page of memory, within which
     * hardware reads ahead for one only: half of the channels of Q4_0 of 1 KB, Intel, 9.5 GB/s with 5 side by side, 8.1 with 8,
     * 7.2 with 11; AMD Zen 5, 12.9, 15.3, 15.1.
     *
     * @param bytes of one channel
     */
    int channelsOfCodes(long bytes) {
        return bytes < 2048 ? shortChannels : channels;
    }
}
