package dev.sparsellm.chess;

import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.WorkerGroup;

/**
 * {@code y = W m + Σ_{j kept} (x_j − m_j) W[:, j]}: the columns of W that belong to inputs left out are not read.
 */
final class SparseProjection implements Projection {

    private final PreparedSite prepared;
    private final Projection exact;
    private final RowChoice choice;
    private final SessionScratch scratch;
    private final WorkerGroup workers;
    private final WorkerGroup.Task multiplyPart = this::multiplyPart;
    private final WorkerGroup.Task maskRow = this::maskRow;
    private final UsageCounter usage;

    private float[] x;
    private int xOffset;
    private int rows;

    SparseProjection(
            PreparedSite prepared,
            Projection exact,
            Protection protection,
            Kernels kernels,
            SessionScratch scratch,
            WorkerGroup workers,
            UsageCounter usage) {
        this.prepared = prepared;
        this.exact = exact;
        this.choice = new RowChoice(prepared, protection, kernels);
        this.scratch = scratch;
        this.workers = workers;
        this.usage = usage;
    }

    @Override
    public void apply(Pass pass, float[] input, float[] y) {
        switch (choice.run(pass)) {
            case EXACTLY -> runExactly(pass, input, y);
            case MASKED -> runMasked(pass, input, y);
            case SPARSELY -> runSparsely(pass, input, y);
        }
    }

    private void runSparsely(Pass pass, float[] input, float[] y) {
        ChannelProduct product = prepared.product();
        Parts parts = prepared.parts();
        x = input;
        long kept = 0;
        long bytes = 0;
        for (int first = 0; first < pass.batch(); first += rows) {
            rows = Math.min(PartialSums.ROWS, pass.batch() - first);
            xOffset = first * product.columns();
            choice.begin(pass, first);
            scratch.sums().begin(parts.count(), rows, product);
            workers.run(parts.count(), multiplyPart);
            scratch.sums().addUp(prepared.bias(), y, first * product.rows());
            long keptNow = scratch.keptOfParts(parts.count());
            choice.passed(rows, keptNow);
            kept += keptNow;
            bytes += PreparedSite.bytesRead(product, rows, keptNow);
        }
        usage.add(pass, kept, bytes);
    }

    private void multiplyPart(int part, int worker) {
        ChannelProduct product = prepared.product();
        PartialSums sums = scratch.sums();
        int from = prepared.parts().from(part);
        int to = prepared.parts().to(part);
        sums.clear(part);
        int kept = 0;
        for (int row = 0; row < rows; row++) {
            int count = choice.list(row, x, xOffset + row * product.columns(), from, to, scratch.kept(), from);
            prepared.subtract(x, xOffset + row * product.columns(), scratch.values(), 0, scratch.kept(), from, count);
            product.accumulate(
                    scratch.values(),
                    0,
                    scratch.kept(),
                    from,
                    from + count,
                    sums.sums(),
                    sums.offset(part, row),
                    prepared.reading(),
                    scratch.threads()[worker]);
            kept += count;
        }
        scratch.keptOfPart()[part] = kept;
    }

    private void runMasked(Pass pass, float[] input, float[] y) {
        x = input;
        choice.begin(pass, 0);
        workers.run(pass.batch(), maskRow);
        exact.apply(pass, scratch.batch(), y);
        long kept = scratch.keptOfRows(pass.batch());
        choice.passed(pass.batch(), kept);
        usage.addMasked(pass, kept);
    }

    private void runExactly(Pass pass, float[] input, float[] y) {
        choice.begin(pass, 0);
        exact.apply(pass, input, y);
        choice.passed(pass.batch());
        usage.addExact(pass);
    }

    private void maskRow(int row, int worker) {
        int columns = prepared.product().columns();
        scratch.keptOfRow()[row] = choice.mask(row, x, x, row * columns, scratch.batch(), 0, columns);
    }
}
