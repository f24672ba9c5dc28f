package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import java.lang.foreign.MemorySegment;

/** Rows four at a time by {@link VectorFormat}; for several x, unpacked once and multiplied by {@link VectorGemm}. */
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
    /** What is known of each row: threads may find it out at the same time, and find the same. Null if all are usual. */
    private final byte[] kinds;

    VectorRowProduct(VectorFormat format, Tensor weights) {
        this.format = format;
        name = weights.name();
        data = weights.data();
        rowBytes = weights.rowBytes();
        rows = weights.rows();
        columns = weights.columns();
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
            VectorGemm.multiply(format, data, rowBytes, columns, x, batch, y, yStride, from, to, scratch);
            return;
        }
        float[] work = scratch.floats(VectorFormat.WORK);
        // Rows a quarter of the range apart: four streams that the hardware prefetches side by side.
        int quarter = (to - from + 3) / 4;
        for (int i = from; i < from + quarter; i++) {
            int r1 = Math.min(i + quarter, to - 1);
            int r2 = Math.min(i + 2 * quarter, to - 1);
            int r3 = Math.min(i + 3 * quarter, to - 1);
            multiply4(x, 0, y, 0, i, r1, r2, r3, work);
        }
    }

    @Override
    public void multiplyRows(
            float[] x, int xOffset, float[] y, int yOffset, int[] indices, int from, int to, Scratch scratch) {
        Ranges.check(from, to, indices.length, name);
        float[] work = scratch.floats(VectorFormat.WORK);
        int quarter = (to - from + 3) / 4;
        for (int i = from; i < from + quarter; i++) {
            int r1 = indices[Math.min(i + quarter, to - 1)];
            int r2 = indices[Math.min(i + 2 * quarter, to - 1)];
            int r3 = indices[Math.min(i + 3 * quarter, to - 1)];
            multiply4(x, xOffset, y, yOffset, indices[i], r1, r2, r3, work);
        }
    }

    private void multiply4(
            float[] x, int xOffset, float[] y, int yOffset, int r0, int r1, int r2, int r3, float[] work) {
        long at0 = r0 * rowBytes;
        long at1 = r1 * rowBytes;
        long at2 = r2 * rowBytes;
        long at3 = r3 * rowBytes;
        boolean usual = kinds == null || isUsual(r0) & isUsual(r1) & isUsual(r2) & isUsual(r3);
        if (usual) {
            format.dot4(data, at0, at1, at2, at3, columns, x, xOffset, work);
        }
        if (!usual || Float.isNaN(total4(y, yOffset, r0, r1, r2, r3, work))) {
            format.dot4Unpacked(data, at0, at1, at2, at3, columns, x, xOffset, work);
            total4(y, yOffset, r0, r1, r2, r3, work);
        }
    }

    private boolean isUsual(int row) {
        if (kinds[row] == UNKNOWN) {
            kinds[row] = format.isUnusual(data, row * rowBytes, columns) ? UNUSUAL : USUAL;
        }
        return kinds[row] == USUAL;
    }

    /** @return the sum of the four, NaN if one is (or for two infinities) */
    private static float total4(float[] y, int yOffset, int r0, int r1, int r2, int r3, float[] work) {
        float y0 = LaneSums.total(work, 0);
        float y1 = LaneSums.total(work, VectorWidth.LANES);
        float y2 = LaneSums.total(work, 2 * VectorWidth.LANES);
        float y3 = LaneSums.total(work, 3 * VectorWidth.LANES);
        y[yOffset + r0] = y0;
        y[yOffset + r1] = y1;
        y[yOffset + r2] = y2;
        y[yOffset + r3] = y3;
        return y0 + y1 + y2 + y3;
    }
}
