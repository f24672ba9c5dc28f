package dev.sparsellm.kernels;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Unpacks 256 weights of a row at a time and multiplies them in F32. */
final class ScalarRowProduct implements RowProduct {

    /** A multiple of every block size, so that a row is cut at the same columns whatever its type. */
    private static final int CHUNK = 256;

    private final String name;
    private final TensorType type;
    private final MemorySegment data;
    private final long rowBytes;
    private final int rows;
    private final int columns;

    ScalarRowProduct(Tensor weights) {
        name = weights.name();
        type = weights.type();
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
    public int rowsTogether() {
        return 1;
    }

    @Override
    public void multiply(float[] x, int batch, float[] y, int yStride, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        multiplyUnpacked(x, 0, batch, y, 0, yStride, from, to, scratch);
    }

    @Override
    public void prepare(SingleInput x) {}

    @Override
    public void multiply(SingleInput x, float[] y, int yOffset, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        multiplyUnpacked(x.x(), x.offset(), 1, y, yOffset, rows, from, to, scratch);
    }

    @Override
    public void multiply(BatchedInput x, float[] y, int yStride, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        x.require(1, columns, name); // so rows of x are one after another
        int floats = x.batch() * columns;
        float[] work = scratch.floats(columns + floats); // the row unpacked, then all rows of x
        MemorySegment.copy(x.data(), ValueLayout.JAVA_FLOAT, 0, work, columns, floats);
        multiplyUnpacked(work, columns, x.batch(), y, 0, yStride, from, to, scratch);
    }

    private void multiplyUnpacked(
            float[] x, int xOffset, int batch, float[] y, int yOffset, int yStride, int from, int to, Scratch scratch) {
        float[] row = scratch.floats(columns);
        for (int r = from; r < to; r++) {
            ScalarBlocks.unpack(type, data, r * rowBytes, columns, row, 0);
            for (int b = 0; b < batch; b++) {
                float sum = 0;
                for (int c = 0; c < columns; c += CHUNK) {
                    sum += dot(row, c, x, xOffset + b * columns + c, Math.min(CHUNK, columns - c));
                }
                y[yOffset + b * yStride + r] = sum;
            }
        }
    }

    @Override
    public void multiplyRows(
            SingleInput x, float[] y, int yOffset, int[] indices, int from, int to, Reading reading, Scratch scratch) {
        Ranges.check(from, to, indices.length, name);
        float[] chunk = scratch.floats(CHUNK);
        for (int i = from; i < to; i++) {
            int r = indices[i];
            float sum = 0;
            for (int c = 0; c < columns; c += CHUNK) {
                int n = Math.min(CHUNK, columns - c);
                ScalarBlocks.unpack(type, data, r * rowBytes + type.rowBytes(c), n, chunk, 0);
                sum += dot(chunk, 0, x.x(), x.offset() + c, n);
            }
            y[yOffset + r] = sum;
        }
    }

    private static float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
        return ScalarKernels.sum(a, aOffset, b, bOffset, n);
    }
}
