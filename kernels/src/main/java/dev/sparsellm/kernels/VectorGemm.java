package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorTiles.COLUMNS;
import static dev.sparsellm.kernels.VectorTiles.PRODUCTS;
import static dev.sparsellm.kernels.VectorTiles.ROWS;
import static dev.sparsellm.kernels.VectorTiles.STRIDE;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix times matrix: {@code y[b][r] = Σ_c W[r][c] · x[b][c]}, for each r and b by fused multiply-adds in the order of the
 * columns, 1024 of them at a time, the totals of which are then added in order: the same bits at every width. A weight is
 * read and unpacked once for the whole batch, and one vector holds as many rows of x as it has lanes: the inner loop
 * ({@link VectorTiles}) multiplies a column of two such vectors, which {@link BatchedInput} lays side by side, with
 * weights of 12 rows (of fewer where vectors are narrower), each spread over all lanes by its load. That makes 24 multiply-adds for 14 loads, of which 12 are of
 * 4 bytes. (Lanes that hold columns, 6 rows by 4 rows of x, take 10 loads of 64 bytes for as many: more than the
 * second-level cache delivers.) Columns are cut, so that the x of one cut stay in that cache for all rows of weights, and
 * so do the weights of 12 rows; sums wait in memory from cut to cut.
 */
final class VectorGemm {

    /** In the working memory, after the products of a tile: sums over the cuts so far. */
    private static final int SUMS = PRODUCTS + 2 * ROWS * LANES;

    /** Rows whose sums are kept at a time: those of 128 rows of x take 96 KB, or 48. */
    private static final int ROWS_OF_SUMS = LANES == 16 ? 192 : 96;

    private VectorGemm() {}

    /** Groups of two vectors; of 16 lanes, a last group may have one: half of the work where there are few rows of x. */
    static BatchedInput input() {
        return new BatchedInput(2 * LANES, LANES == 16 ? LANES : 2 * LANES, LANES);
    }

    static void multiply(
            VectorFormat format,
            MemorySegment data,
            long rowBytes,
            BatchedInput x,
            float[] y,
            int yStride,
            int from,
            int to,
            Scratch scratch) {
        int apart = x.places() + LANES; // no power of two here, either: sums are read down the rows at last
        int most = Math.min(ROWS_OF_SUMS, Math.ceilDiv(to - from, ROWS) * ROWS);
        float[] work = scratch.floats(SUMS + most * apart); // [ROWS][STRIDE], [ROWS][2 · LANES], [rows][apart]
        for (int first = from; first < to; first += ROWS_OF_SUMS) {
            int end = Math.min(first + ROWS_OF_SUMS, to);
            for (int c = 0; c < x.columns(); c += COLUMNS) {
                int columns = Math.min(COLUMNS, x.columns() - c);
                long cut = format.type().rowBytes(c);
                for (int r = first; r < end; r += ROWS) {
                    for (int i = 0; i < ROWS && r + i < end; i++) { // beyond the end, what was there is multiplied in vain
                        format.unpack(data, (r + i) * rowBytes + cut, columns, work, i * STRIDE);
                    }
                    multiply(work, columns, x, c, SUMS + (r - first) * apart, apart);
                }
            }
            write(work, apart, x.batch(), y, yStride, first, end);
        }
    }

    /** Products of the unpacked rows with all rows of x, columns c to c + {@code columns}, to sums from s on. */
    private static void multiply(float[] work, int columns, BatchedInput x, int c, int s, int apart) {
        for (int b = 0; b < x.batch(); b += x.width()) {
            int width = x.placesOfGroup(b);
            long xAt = 4L * (b * x.columns() + c * width);
            VectorTiles.multiply(work, columns, x.data(), xAt, width);
            add(work, c == 0, s + b, apart, width);
        }
    }

    /** Adds products to sums, or begins these. Kernels leave it to us: loads of all sums are too much for them, see there. */
    private static void add(float[] work, boolean first, int s, int apart, int width) {
        for (int r = 0; r < ROWS; r++) {
            for (int b = 0; b < width; b += LANES) {
                FloatVector products = FloatVector.fromArray(FLOATS, work, PRODUCTS + r * width + b);
                int at = s + r * apart + b;
                if (first) {
                    products.intoArray(work, at);
                } else {
                    FloatVector.fromArray(FLOATS, work, at).add(products).intoArray(work, at);
                }
            }
        }
    }

    private static void write(float[] work, int apart, int batch, float[] y, int yStride, int from, int to) {
        for (int b = 0; b < batch; b++) {
            for (int r = from; r < to; r++) {
                y[b * yStride + r] = work[SUMS + (r - from) * apart + b];
            }
        }
    }
}
