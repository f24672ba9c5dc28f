package dev.sparsellm.chess;

import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.SingleInput;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.WorkerGroup;

/**
 * {@code y = W_down m + Σ_{i kept} (a_i (W_up x)_i − m_i) W_down[:, i]}, {@code a = SiLU(W_gate x)}.
 *
 * <p>A part of the channels needs nothing of the others: gate, choice, up and its share of down are one parallel
 * region, adding up the parts another.
 */
final class SparseFeedForward implements FeedForward {

    /**
     * The products of a layer.
     *
     * @param gateBytes of the whole matrix
     * @param upRowBytes of one row
     */
    record Products(RowProduct gate, long gateBytes, RowProduct up, long upRowBytes) {}

    /** The host's exact operators: the block, and its last matrix for masked activations. */
    record Exact(FeedForward block, Projection down) {}

    private final PreparedSite prepared;
    private final Products products;
    private final Exact exact;
    private final RowChoice choice;
    private final Kernels kernels;
    private final SessionScratch scratch;
    private final WorkerGroup workers;
    private final WorkerGroup.Task computePart = this::computePart;
    private final WorkerGroup.Task layPart = this::layPart;
    private final WorkerGroup.Task maskPart = this::maskPart;
    private final UsageCounter usage;

    private int rows;

    SparseFeedForward(
            PreparedSite prepared,
            Products products,
            Exact exact,
            Protection protection,
            Kernels kernels,
            SessionScratch scratch,
            WorkerGroup workers,
            UsageCounter usage) {
        this.prepared = prepared;
        this.products = products;
        this.exact = exact;
        this.choice = new RowChoice(prepared, protection, kernels);
        this.kernels = kernels;
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
        ChannelProduct down = prepared.product();
        Parts parts = prepared.parts();
        int dim = products.gate().columns();
        long kept = 0;
        long bytes = 0;
        for (int first = 0; first < pass.batch(); first += rows) {
            rows = Math.min(PartialSums.ROWS, pass.batch() - first);
            float[] x = input;
            if (first > 0) {
                System.arraycopy(input, first * dim, scratch.inputs(), 0, rows * dim);
                x = scratch.inputs();
            }
            for (int row = 0; row < rows; row++) {
                prepareAlone(x, row);
            }
            layOut(x);
            choice.begin(pass, first);
            scratch.sums().begin(parts.count(), rows, down);
            workers.run(parts.count(), computePart);
            scratch.sums().addUp(prepared.bias(), y, first * dim);
            bytes += products.gateBytes();
            long keptNow = scratch.keptOfParts(parts.count());
            choice.passed(rows, keptNow);
            kept += keptNow;
            bytes += keptNow * products.upRowBytes() + PreparedSite.bytesRead(down, rows, keptNow);
        }
        usage.add(pass, kept, bytes);
    }

    /** For products of gate and up with this row of x alone. */
    private void prepareAlone(float[] x, int row) {
        SingleInput single = scratch.singles()[row];
        single.set(x, row * products.gate().columns());
        products.gate().prepare(single);
        products.up().prepare(single); // nothing to do where types are the same
    }

    /** For products of gate and up with all rows of x. */
    private void layOut(float[] x) {
        scratch.input().begin(x, rows, products.gate().columns());
        if (scratch.input().isLaidOut()) {
            workers.run(scratch.input().parts(), layPart);
        }
    }

    private void layPart(int part, int worker) {
        scratch.input().layPart(part, scratch.threads()[worker]);
    }

    private void computePart(int part, int worker) {
        int ffn = prepared.parts().channels();
        int from = prepared.parts().from(part);
        int to = prepared.parts().to(part);
        float[] gates = scratch.gates(); // [rows][ffn]
        float[] hidden = scratch.values(); // [rows][ffn]
        int[] kept = scratch.kept();
        PartialSums sums = scratch.sums();
        sums.clear(part);
        multiplyGate(gates, from, to, worker);
        int keptHere = 0;
        for (int row = 0; row < rows; row++) {
            int at = row * ffn;
            kernels.silu(gates, at + from, at + to);
            int count = choice.list(row, gates, at, from, to, kept, from);
            products.up()
                    .multiplyRows(
                            scratch.singles()[row],
                            hidden,
                            at,
                            kept,
                            from,
                            from + count,
                            prepared.reading(),
                            scratch.threads()[worker]);
            for (int n = from; n < from + count; n++) {
                hidden[at + kept[n]] *= gates[at + kept[n]];
            }
            prepared.subtract(hidden, at, hidden, at, kept, from, count);
            prepared.product()
                    .accumulate(
                            hidden,
                            at,
                            kept,
                            from,
                            from + count,
                            sums.sums(),
                            sums.offset(part, row),
                            prepared.reading(),
                            scratch.threads()[worker]);
            keptHere += count;
        }
        scratch.keptOfPart()[part] = keptHere;
    }

    /** One row has been prepared for up already. */
    private void multiplyGate(float[] gates, int from, int to, int worker) {
        if (rows == 1) {
            products.gate().multiply(scratch.singles()[0], gates, 0, from, to, scratch.threads()[worker]);
        } else {
            scratch.input().multiply(products.gate(), gates, from, to, scratch.threads()[worker]);
        }
    }

    private void runMasked(Pass pass, float[] input, float[] y) {
        rows = pass.batch();
        layOut(input);
        scratch.input().prepare(products.gate());
        scratch.input().prepare(products.up()); // nothing to do where types are the same
        choice.begin(pass, 0);
        workers.run(prepared.parts().count(), maskPart);
        exact.down().apply(pass, scratch.batch(), y);
        long kept = scratch.keptOfParts(prepared.parts().count());
        choice.passed(rows, kept);
        usage.addMasked(pass, kept);
    }

    private void runExactly(Pass pass, float[] input, float[] y) {
        choice.begin(pass, 0);
        exact.block().apply(pass, input, y);
        choice.passed(pass.batch());
        usage.addExact(pass);
    }

    private void maskPart(int part, int worker) {
        int ffn = prepared.parts().channels();
        int from = prepared.parts().from(part);
        int to = prepared.parts().to(part);
        float[] gates = scratch.batchGates(); // [batch][ffn]
        float[] hidden = scratch.batch(); // [batch][ffn]: up, then up ⊙ SiLU(gate), then masked
        scratch.input().multiply(products.gate(), gates, from, to, scratch.threads()[worker]);
        scratch.input().multiply(products.up(), hidden, from, to, scratch.threads()[worker]);
        int kept = 0;
        for (int row = 0; row < rows; row++) {
            int at = row * ffn;
            kernels.silu(gates, at + from, at + to);
            kernels.multiply(hidden, gates, at + from, at + to);
            kept += choice.mask(row, gates, hidden, at, hidden, from, to);
        }
        scratch.keptOfPart()[part] = kept;
    }
}
