package dev.sparsellm.chess;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.ProductInput;
import dev.sparsellm.kernels.Scratch;
import dev.sparsellm.kernels.SingleInput;
import dev.sparsellm.spi.SessionContext;
import java.util.Collection;
import java.util.stream.IntStream;

/**
 * Working memory of a session, shared by its operators, of which one runs at a time.
 *
 * @param inputs {@code [ROWS][dim]}: rows of a large batch worked on now
 * @param singles {@code [ROWS]}: the same rows, each as kernels take it alone
 * @param gates {@code [ROWS][channels]}
 * @param values {@code [ROWS][channels]}: what sparse products multiply
 * @param kept {@code [channels]}: numbers of kept channels, those of each part from where the part begins
 * @param keptOfPart {@code [parts]}: kept channels of a part in this round, summed over rows
 * @param batch {@code [maxBatch][channels]} where exact operators are run on masked activations, else empty
 * @param batchGates likewise
 * @param input x of gate and up, all rows worked on now
 * @param keptOfRow {@code [maxBatch]}: kept channels of a row so masked
 * @param sums of the parts
 * @param threads scratch for the kernels, by worker
 */
record SessionScratch(
        float[] inputs,
        SingleInput[] singles,
        float[] gates,
        float[] values,
        int[] kept,
        int[] keptOfPart,
        float[] batch,
        float[] batchGates,
        ProductInput input,
        int[] keptOfRow,
        PartialSums sums,
        Scratch[] threads) {

    /** Large enough for all of these sites. */
    static SessionScratch of(
            Collection<PreparedSite> sites, int dim, boolean maskedPrefill, Kernels kernels, SessionContext context) {
        int rows = Math.min(PartialSums.ROWS, context.maxBatch());
        int channels = 0;
        int parts = 0;
        int sums = 0;
        for (PreparedSite site : sites) {
            channels = Math.max(channels, site.parts().channels());
            parts = Math.max(parts, site.parts().count());
            sums = Math.max(sums, PartialSums.size(site.parts().count(), rows, site.product()));
        }
        boolean masks = maskedPrefill || sites.stream().anyMatch(site -> !site.skips());
        int batch = masks ? Math.multiplyExact(context.maxBatch(), channels) : 0;
        return new SessionScratch(
                new float[rows * dim],
                IntStream.range(0, rows).mapToObj(i -> new SingleInput()).toArray(SingleInput[]::new),
                new float[rows * channels],
                new float[rows * channels],
                new int[channels],
                new int[parts],
                new float[batch],
                new float[batch],
                new ProductInput(kernels),
                new int[context.maxBatch()],
                new PartialSums(kernels, context.workers(), sums),
                IntStream.range(0, context.workers().threads())
                        .mapToObj(i -> new Scratch())
                        .toArray(Scratch[]::new));
    }

    /** The sum of {@link #keptOfPart} over the first parts. */
    long keptOfParts(int parts) {
        long sum = 0;
        for (int part = 0; part < parts; part++) {
            sum += keptOfPart[part];
        }
        return sum;
    }

    /** The sum of {@link #keptOfRow} over the first rows. */
    long keptOfRows(int rows) {
        long sum = 0;
        for (int row = 0; row < rows; row++) {
            sum += keptOfRow[row];
        }
        return sum;
    }
}
