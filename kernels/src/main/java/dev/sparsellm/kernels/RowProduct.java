package dev.sparsellm.kernels;

/** Products with the rows of one weight matrix {@code W[rows][columns]}. Safe for any thread. */
public interface RowProduct {

    /** Outputs. */
    int rows();

    /** Inputs. */
    int columns();

    /**
     * Computes {@code y[b·yStride + r] = Σ_c W[r][c] · x[b·columns + c]} for r in [from, to) and b in [0, batch). With
     * larger batches each weight is read, and unpacked, once for many rows of x. The range of rows changes no bit of a
     * result, nor does the size of the batch but for the step from 1 to 2: a single x may be multiplied in another way.
     *
     * @param x {@code [batch][columns]}
     * @param y {@code [batch][yStride]}, written at columns [from, to) only
     * @param scratch of the calling thread
     */
    void multiply(float[] x, int batch, float[] y, int yStride, int from, int to, Scratch scratch);

    /**
     * The same for a batch that has been laid out before, which is faster where several ranges of rows, or several matrices,
     * are multiplied with it: otherwise it is laid out for each. The same bits.
     *
     * @param x with as many columns as this, made by the same {@link Kernels#batchedInput}; all columns laid
     * @throws IllegalArgumentException if it was made for other columns or by other kernels
     */
    void multiply(BatchedInput x, float[] y, int yStride, int from, int to, Scratch scratch);

    /**
     * Computes {@code y[yOffset + r] = Σ_c W[r][c] · x[xOffset + c]} for the rows {@code r = indices[i]}, i in
     * [from, to), and nothing else: other rows are neither read nor written (vmmsp of the CHESS paper, without the
     * product with the gate).
     *
     * @param indices ascending row numbers
     * @param scratch of the calling thread
     */
    void multiplyRows(
            float[] x, int xOffset, float[] y, int yOffset, int[] indices, int from, int to, Scratch scratch);
}
