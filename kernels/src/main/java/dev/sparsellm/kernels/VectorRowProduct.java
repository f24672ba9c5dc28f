package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Rows four at a time by {@link VectorFormat}, listed and long ones eight; for several x, unpacked once and multiplied by
 * {@link VectorGemm}.
 */
final class VectorRowProduct implements RowProduct {

    private static final byte UNKNOWN = 0;
    private static final byte USUAL = 1;
    private static final byte UNUSUAL = 2;

    private final VectorFormat format;
    private final String name;
    private final MemorySegment data;
    private final long rowBytes;
    private final int rows;
    private final int columns;
    private final boolean longRows;
    /** What is known of each row: threads may find it out at the same time, and find the same. Null if all are usual. */
    private final byte[] kinds;

    VectorRowProduct(VectorFormat format, Tensor weights) {
        this.format = format;
        name = weights.name();
        data = weights.data();
        rowBytes = weights.rowBytes();
        rows = weights.rows();
        columns = weights.columns();
        longRows = rowBytes >= format.longRow();
        kinds = format.hasUnusualRows() ? new byte[rows] : null;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public void multiply(float[] x, int batch, float[] y, int yStride, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        if (batch > 1) {
            BatchedInput input = scratch.vectorInput();
            input.begin(batch, columns);
            input.lay(x, 0, columns);
            multiply(input, y, yStride, from, to, scratch);
            return;
        }
        multiply(x, 0, y, 0, null, from, to, longRows ? 8 : 4, scratch);
    }

    @Override
    public void multiply(BatchedInput x, float[] y, int yStride, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        x.require(2 * VectorWidth.LANES, columns, name);
        VectorGemm.multiply(format, data, rowBytes, x, y, yStride, from, to, scratch);
    }

    @Override
    public void multiplyRows(
            float[] x, int xOffset, float[] y, int yOffset, int[] indices, int from, int to, Scratch scratch) {
        Ranges.check(from, to, indices.length, name);
        multiply(x, xOffset, y, yOffset, indices, from, to, 8, scratch);
    }

    /**
     * Rows of a list side by side that lie a fourth or an eighth of it apart: as many streams that the hardware prefetches.
     *
     * @param indices null for all rows
     * @param together 4 or 8
     */
    private void multiply(
            float[] x, int xOffset, float[] y, int yOffset, int[] indices, int from, int to, int together,
            Scratch scratch) {
        float[] work = scratch.floats(VectorFormat.WORK);
        int[] list = scratch.rows;
        long[] starts = scratch.starts;
        int apart = (to - from + together - 1) / together;
        for (int i = from; i < from + apart; i++) {
            for (int r = 0; r < together; r++) {
                int at = Math.min(i + r * apart, to - 1);
                list[r] = indices == null ? at : indices[at];
                starts[r] = list[r] * rowBytes;
            }
            if (together == 8) {
                format.dot8(data, starts, columns, x, xOffset, work);
            } else {
                format.dot4(data, starts[0], starts[1], starts[2], starts[3], columns, x, xOffset, work);
            }
            store(list, together, x, xOffset, y, yOffset, work);
        }
    }

    /** Adds up the lanes of each row; what the short form of a product cannot be trusted with is done anew. */
    private void store(int[] list, int count, float[] x, int xOffset, float[] y, int yOffset, float[] work) {
        boolean trusted = true;
        for (int r = 0; r < count; r++) {
            float total = LaneSums.total(work, r * VectorWidth.LANES);
            y[yOffset + list[r]] = total;
            trusted &= Float.isFinite(total) & (kinds == null || isUsual(list[r]));
        }
        for (int r = 0; r < count && !trusted; r++) {
            int row = list[r];
            if (!Float.isFinite(y[yOffset + row]) || kinds != null && !isUsual(row)) {
                long at = row * rowBytes;
                format.dot4Unpacked(data, at, at, at, at, columns, x, xOffset, work);
                y[yOffset + row] = LaneSums.total(work, 0);
            }
        }
    }

    private boolean isUsual(int row) {
        if (kinds[row] == UNKNOWN) {
            kinds[row] = format.isUnusual(data, row * rowBytes, columns) ? UNUSUAL : USUAL;
        }
        return kinds[row] == USUAL;
    }
}
