package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import java.lang.foreign.MemorySegment;

/** Rows four at a time by {@link VectorFormat}; for several x, unpacked once and multiplied by {@link VectorGemm}. */
final class VectorRowProduct implements RowProduct {

    private final VectorFormat format;
    private final String name;
    private final MemorySegment data;
    private final long rowBytes;
    private final int rows;
    private final int columns;

    VectorRowProduct(VectorFormat format, Tensor weights) {
        this.format = format;
        name = weights.name();
        data = weights.data();
        rowBytes = weights.rowBytes();
        rows = weights.rows();
        columns = weights.columns();
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
        format.dot4(data, r0 * rowBytes, r1 * rowBytes, r2 * rowBytes, r3 * rowBytes, columns, x, xOffset, work);
        y[yOffset + r0] = LaneSums.total(work, 0);
        y[yOffset + r1] = LaneSums.total(work, VectorWidth.LANES);
        y[yOffset + r2] = LaneSums.total(work, 2 * VectorWidth.LANES);
        y[yOffset + r3] = LaneSums.total(work, 3 * VectorWidth.LANES);
    }
}
