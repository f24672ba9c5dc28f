package dev.sparsellm.spi;

/**
 * What an operator has computed and what it has left out.
 *
 * @param rows activations rows processed, summed over all passes
 * @param kept channels computed, summed over rows
 * @param channels channels an exact operator would have computed, summed over rows
 * @param bytesRead weight bytes read in {@link Phase#DECODE}
 * @param bytesDense weight bytes the exact operator would have read there
 * @param decodeRows the rows of {@link Phase#DECODE} among {@code rows}
 */
public record Usage(long rows, long kept, long channels, long bytesRead, long bytesDense, long decodeRows) {

    /** Nothing counted. */
    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, 0);

    /** The share of channels left out, 0 to 1; 0 where nothing was counted. */
    public double sparsity() {
        return channels == 0 ? 0 : 1 - (double) kept / channels;
    }

    /** The sum of two. */
    public Usage plus(Usage other) {
        return new Usage(
                rows + other.rows,
                kept + other.kept,
                channels + other.channels,
                bytesRead + other.bytesRead,
                bytesDense + other.bytesDense,
                decodeRows + other.decodeRows);
    }

    /** What was added since {@code earlier}. */
    public Usage since(Usage earlier) {
        return new Usage(
                rows - earlier.rows,
                kept - earlier.kept,
                channels - earlier.channels,
                bytesRead - earlier.bytesRead,
                bytesDense - earlier.bytesDense,
                decodeRows - earlier.decodeRows);
    }
}
