package dev.sparsellm.kernels;

/** Products with the rows of one weight matrix {@code W[rows][columns]}. Safe for any thread. */
public interface RowProduct {

    /** Outputs. */
    int rows();

    /** Inputs. */
    int columns();

    /**
     * Ranges of a multiple of so many rows are multiplied with one x the fastest; 1 if it makes no difference. Some kernels take four
     * rows side by side, a fourth of a range apart. Where fourths are whole pages of memory, all four go on to their next pages at the
     * same time: Q4_0 of 4096 columns from memory, two threads, 566 and 607 products a second in ranges of 256 and 896 rows, 437 and
     * 478 in ranges of 248 and 904, Intel.
     */
    int rowsTogether();

    /**
     * Computes {@code y[b·yStride + r] = Σ_c W[r][c] · x[b·columns + c]} for r in [from, to) and b in [0, batch). With
     * batches of {@link BatchedInput#FEWEST} rows of x and more, each weight is unpacked once for many of them; fewer are
     * multiplied each alone, which may round in another way. Otherwise neither the range of rows of W nor the size of the
     * batch changes a bit of a result.
     *
     * @param x {@code [batch][columns]}
     * @param y {@code [batch][yStride]}, written at columns [from, to) only
     * @param scratch of the calling thread
     */
    void multiply(float[] x, int batch, float[] y, int yStride, int from, int to, Scratch scratch);

    /**
     * The same for a batch that has been laid out before, which is faster where several ranges of rows, or several matrices,
     * are multiplied with it: otherwise it is laid out for each. The same bits as those of a batch of
     * {@link BatchedInput#FEWEST} rows and more, also with fewer.
     *
     * @param x with as many columns as this, made by the same {@link Kernels#batchedInput}; all columns laid
     * @throws IllegalArgumentException if it was made for other columns or by other kernels
     */
    void multiply(BatchedInput x, float[] y, int yStride, int from, int to, Scratch scratch);

    /**
     * Brings x into the form that these kernels multiply, if they have one of their own and x is not in it yet: once for all
     * matrices of this type and as many columns. Products with an x that is not prepared do it each time. Not to be called
     * while other threads use x.
     *
     * @param x with as many columns as this
     */
    void prepare(SingleInput x);

    /**
     * Computes {@code y[yOffset + r] = Σ_c W[r][c] · x[c]} for r in [from, to): the same bits as a batch of one.
     *
     * @param x with as many columns as this
     * @param scratch of the calling thread
     */
    void multiply(SingleInput x, float[] y, int yOffset, int from, int to, Scratch scratch);

    /**
     * Computes {@code y[yOffset + r] = Σ_c W[r][c] · x[c]} for the rows {@code r = indices[i]}, i in [from, to), and
     * nothing else: other rows are neither read nor written (vmmsp of the CHESS paper, without the product with the gate).
     *
     * @param x with as many columns as this
     * @param indices ascending row numbers
     * @param reading changes no bit of a result
     * @param scratch of the calling thread
     */
    void multiplyRows(
            SingleInput x, float[] y, int yOffset, int[] indices, int from, int to, Reading reading, Scratch scratch);
}
