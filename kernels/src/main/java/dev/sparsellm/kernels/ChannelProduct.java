package dev.sparsellm.kernels;

/**
 * Products with chosen input channels of one weight matrix {@code W[rows][columns]} (spvmm of the CHESS paper).
 * Stateless, safe for any thread.
 *
 * <p>Share work among threads by channels, each part with an accumulator of its own, and add these up in the order of
 * the parts: a channel is then read in one piece, which is what memory is fast at (a split of the outputs among two
 * threads costs a fifth of the speed). For the same bits on any number of threads let the parts depend on the list of
 * channels only, and cut it with {@link #cut}.
 */
public interface ChannelProduct {

    /** Outputs. */
    int rows();

    /** Input channels. */
    int columns();

    /**
     * Floats of an accumulator: {@link #rows()}, padded to whole vectors. Kernels read and write the padding, and leave
     * nothing useful there.
     */
    int accumulatorLength();

    /** Channels under one scale, 1 for plain types: lists should be cut between groups of so many channels. */
    int group();

    /**
     * Computes {@code y[yOffset + r] += Σ_i a[aOffset + c] · W[r][c]}, {@code c = channels[i]}, i in [from, to), for all
     * rows r. The weights of other channels are not read; of quantised types the scales of all groups are that a listed
     * channel is in. With the same reading, every vector width, and scalar code, gives the same bits.
     *
     * @param a activations; read at the listed channels only
     * @param channels ascending numbers in {@code [0, columns)}
     * @param y at least {@code yOffset + accumulatorLength()} long
     * @param reading of quantised types, changes how sums are rounded
     * @param scratch of the calling thread
     */
    void accumulate(
            float[] a, int aOffset, int[] channels, int from, int to, float[] y, int yOffset, Reading reading,
            Scratch scratch);

    /**
     * Where to begin part {@code part} of {@code parts} of a list: as near to equal shares as it goes without cutting a
     * group in two, which would have its scales read twice.
     *
     * @param count channels in the list
     * @return a position in [0, count]; {@code count} for {@code part == parts}
     */
    default int cut(int[] channels, int count, int part, int parts) {
        int at = (int) ((long) count * part / parts);
        int group = group();
        while (at > 0 && at < count && channels[at] / group == channels[at - 1] / group) {
            at++;
        }
        return at;
    }

    /** Bytes of weights that are read for {@code kept} channels spread over all groups. */
    long bytesRead(int kept);
}
