package dev.sparsellm.chess;

import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.Reading;

/**
 * One site of one layer, ready to run.
 *
 * @param selection which values count
 * @param product with the columns of the matrix that reads the site
 * @param bias {@code [outputs]}: W m, zero without compensation; empty where nothing is skipped
 * @param parts how channels are divided
 * @param share of channels asked to be left out
 * @param skips whether what is left out is not read; else the exact operator is run on what is kept, which is faster
 *     where little is left out: see {@link Crossover}
 * @param reading of weights here and there, as is faster on this machine: see {@link Crossover}
 */
record PreparedSite(
        Selection selection, ChannelProduct product, float[] bias, Parts parts, double share, boolean skips,
        Reading reading) {

    /**
     * Lists the channels in [from, to) that are kept.
     *
     * @param values {@code [channels]} from {@code offset} on
     * @param inverse bounds are {@code 1 / inverse} times as wide as the selection's; 1 leaves them as they are, to the bit
     * @param kept where the list goes, from {@code keptOffset} on; room for {@code to − from}
     * @return how many there are
     */
    int list(
            Kernels kernels, float[] values, int offset, float inverse, int from, int to, int[] kept, int keptOffset) {
        return kernels.listOutside(
                values, offset, inverse, selection.lower(), selection.upper(), from, to, kept, keptOffset);
    }

    /** {@code out_i = values_i − m_i} for the channels listed. */
    void subtract(
            float[] values, int offset, float[] out, int outOffset, int[] kept, int keptOffset, int count) {
        float[] substitutes = selection.substitutes();
        for (int n = keptOffset; n < keptOffset + count; n++) {
            int i = kept[n];
            out[outOffset + i] = values[offset + i] - substitutes[i];
        }
    }

    /** Bytes that a product reads for several rows, each with channels of its own: scales for each of them. */
    static long bytesRead(ChannelProduct product, int rows, long kept) {
        long perChannel = product.bytesRead(1) - product.bytesRead(0);
        return rows * product.bytesRead(0) + kept * perChannel;
    }
}
