package dev.sparsellm.chess;

import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.spi.WorkerGroup;
import java.util.Arrays;

/**
 * The outputs of a sparse product as each part has them so far, and their sum. One for all operators of a session;
 * parts work at the same time on sums of their own.
 */
final class PartialSums {

    /** Rows of a batch worked on at the same time; more take several rounds. */
    static final int ROWS = 8;

    /** Fewer additions than this are not worth other threads. */
    private static final int ADDITIONS_OF_A_PART = 16384;

    private final Kernels kernels;
    private final WorkerGroup workers;
    private final WorkerGroup.Task sumOutputs = this::sumOutputs;
    private final float[] sums; // [parts][rows][stride]

    private int parts;
    private int rows;
    private int outputs;
    private int stride;
    private int summingParts;
    private float[] bias;
    private float[] y;
    private int yOffset;

    /** @param size the most floats that {@link #size} gives */
    PartialSums(Kernels kernels, WorkerGroup workers, int size) {
        this.kernels = kernels;
        this.workers = workers;
        this.sums = new float[size];
    }

    /** Floats needed for an operator. */
    static int size(int parts, int maxBatch, ChannelProduct product) {
        return Math.multiplyExact(
                Math.multiplyExact(parts, Math.min(ROWS, maxBatch)), product.accumulatorLength());
    }

    /** Says what the next product looks like. */
    void begin(int partCount, int rowCount, ChannelProduct product) {
        parts = partCount;
        rows = rowCount;
        outputs = product.rows();
        stride = product.accumulatorLength();
    }

    /** Where parts keep their sums: those of one row from {@link #offset} on. */
    float[] sums() {
        return sums;
    }

    int offset(int part, int row) {
        return (part * rows + row) * stride;
    }

    /** Sets the sums of a part to zero; called by the part, so that they are in its core's cache. */
    void clear(int part) {
        Arrays.fill(sums, offset(part, 0), offset(part + 1, 0), 0);
    }

    /**
     * Computes {@code y = bias + Σ_part sums}, in the order of parts.
     *
     * @param biasOfOutputs {@code [outputs]}
     * @param into {@code [rows][outputs]} from {@code offset} on
     */
    void addUp(float[] biasOfOutputs, float[] into, int offset) {
        bias = biasOfOutputs;
        y = into;
        yOffset = offset;
        summingParts = Math.clamp((long) parts * rows * outputs / ADDITIONS_OF_A_PART, 1, 16);
        workers.run(summingParts, sumOutputs);
    }

    private void sumOutputs(int part, int worker) {
        int from = (int) ((long) outputs * part / summingParts);
        int to = (int) ((long) outputs * (part + 1) / summingParts);
        for (int row = 0; row < rows; row++) {
            int at = yOffset + row * outputs + from;
            System.arraycopy(bias, from, y, at, to - from);
            for (int p = 0; p < parts; p++) {
                kernels.add(sums, offset(p, row) + from, y, at, to - from);
            }
        }
    }
}
