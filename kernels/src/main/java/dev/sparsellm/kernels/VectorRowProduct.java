package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.Scratch.MARGIN;

import dev.sparsellm.spi.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Some rows side by side by {@link VectorFormat}; for batches, unpacked once and multiplied by {@link VectorGemm}.
 */
final class VectorRowProduct implements RowProduct {

    /** Weights that are multiplied with one x after another: a fraction of the second-level cache. */
    private static final long CACHED_BYTES = 256 * 1024;

    private static final long PAGE = 4096;

    /** Ranges of fewer are too soon over to be timed. */
    private static final long FEWEST_TIMED_BYTES = 32 * 1024;

    private final VectorFormat format;
    private final String name;
    private final MemorySegment data;
    private final long rowBytes;
    private final int rows;
    private final int columns;

    private final List<Way> ways;

    /** Of {@link VectorFormat#fourBySteps} in a row, bytes of each, and columns of all. */
    private final int steps;

    private final long stepBytes;
    private final int wholeColumns;

    /** Length of what {@link VectorFormat#prepare} makes; 0 where x is multiplied as it is. */
    private final int preparedFloats;

    private final int rowsInCache;

    /** Of each way: rows of which four at a time are taken, a fourth of them apart, before the next ones. */
    private final int[] rowsOfBlock;

    /** Which way is the fastest, and of how many rows on ways differ so that it can be told. */
    private final WayTrial trial;

    private final int fewestTimed;

    /** Rows to be trusted; null if all are. */
    private final FiniteRows finite;

    /** As few rows as have fourths of whole pages. */
    private final int fourWholePages;

    /** Length of the working memory. */
    private final int work;

    VectorRowProduct(VectorFormat format, Tensor weights, WayTrial trial) {
        this.format = format;
        this.trial = trial;
        name = weights.name();
        data = weights.data();
        rowBytes = weights.rowBytes();
        rows = weights.rows();
        columns = weights.columns();
        ways = format.ways();
        boolean bySteps = ways.stream().anyMatch(Way::bySteps);
        int columnsOfStep = format.columnsOfStep();
        steps = columns / columnsOfStep;
        stepBytes = format.type().rowBytes(columnsOfStep);
        wholeColumns = steps * columnsOfStep;
        preparedFloats = bySteps ? format.preparedFloats(columns) : 0;
        rowsInCache = Math.max(4, (int) (CACHED_BYTES / rowBytes) / 4 * 4);
        rowsOfBlock = ways.stream()
                .mapToInt(way -> (int) Math.min(1 << 30, Math.max(16, Long.highestOneBit(way.blockBytes() / rowBytes))))
                .toArray();
        fewestTimed = rowsOfBlock[0] < 1 << 30 ? rowsOfBlock[0] + 1 : Math.ceilDiv((int) FEWEST_TIMED_BYTES, (int) rowBytes);
        finite = bySteps && format.hidesInfinities() ? new FiniteRows(data, rows, columns, rowBytes) : null;
        fourWholePages = 4 * wholePages(rowBytes);
        // What is not to be trusted is done anew by dot4Unpacked.
        work = Math.max(VectorFormat.WORK, format.workOfFour());
    }

    /** As few rows as are whole pages of memory together. */
    static int wholePages(long rowBytes) {
        return (int) (PAGE / Long.lowestOneBit(PAGE | rowBytes));
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
        return rowsTogether(rowsOfBlock[0]);
    }

    /** Below a block, ranges of a multiple of this, of which each fourth is whole pages; 1 if there are none below a block. */
    private int rowsTogether(int block) {
        return fourWholePages < block ? fourWholePages : 1;
    }

    @Override
    public void multiply(float[] x, int batch, float[] y, int yStride, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        if (BatchedInput.pays(batch)) {
            BatchedInput input = scratch.vectorInput();
            input.begin(batch, columns);
            input.lay(x, 0, columns, scratch);
            multiply(input, y, yStride, from, to, scratch);
            return;
        }
        SingleInput row = scratch.single();
        if (batch == 1) {
            row.set(x, 0);
            multiply(row, y, 0, from, to, scratch);
            return;
        }
        for (int first = from; first < to; first += rowsInCache) {
            for (int b = 0; b < batch; b++) {
                row.set(x, b * columns);
                prepare(row);
                int end = Math.min(first + rowsInCache, to);
                multiply(row, y, b * yStride, null, first, end, way().bySteps(), Reading.FEW_LINES, scratch);
            }
        }
    }

    @Override
    public void prepare(SingleInput x) {
        if (preparedFloats > 0 && !x.isPreparedFor(format.type(), columns)) {
            format.prepare(x.x(), x.offset(), columns, x.roomFor(format.type(), columns, preparedFloats));
        }
    }

    @Override
    public void multiply(SingleInput x, float[] y, int yOffset, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        SingleInput ready = ready(x, scratch);
        if (trial.settled() >= 0 || to - from < fewestTimed) {
            multiplyBlocks(ready, y, yOffset, from, to, settled(), scratch);
            return;
        }
        int next = trial.next();
        boolean looksThrough = finite != null && ways.get(next).bySteps() && !finite.areKnown();
        long start = System.nanoTime();
        multiplyBlocks(ready, y, yOffset, from, to, next, scratch);
        if (!looksThrough) { // which takes longer; and had they been looked through just before, rows would come from cache
            trial.took(next, (to - from) * rowBytes, System.nanoTime() - start);
        }
    }

    private int settled() {
        return Math.max(0, trial.settled());
    }

    /** The one that is the fastest, as far as that is known. */
    private Way way() {
        return ways.get(settled());
    }

    private void multiplyBlocks(SingleInput x, float[] y, int yOffset, int from, int to, int way, Scratch scratch) {
        int block = rowsOfBlock[way];
        boolean bySteps = ways.get(way).bySteps();
        for (int first = from, end; first < to; first = end) {
            end = endOfBlock(first, to, block);
            multiply(x, y, yOffset, null, first, end, bySteps, Reading.FEW_LINES, scratch);
        }
    }

    /** As many rows as a block has, or as go into blocks whose fourths are whole pages, or all that are left. */
    private int endOfBlock(int first, int to, int block) {
        int rowsLeft = to - first;
        if (rowsLeft > block) {
            return first + block;
        }
        int inWholePages = rowsLeft - rowsLeft % rowsTogether(block);
        return inWholePages > 0 ? first + inWholePages : to;
    }

    @Override
    public void multiply(BatchedInput x, float[] y, int yStride, int from, int to, Scratch scratch) {
        Ranges.check(from, to, rows, name);
        x.require(2 * VectorWidth.LANES, columns, name);
        VectorGemm.multiply(format, data, rowBytes, x, y, yStride, from, to, scratch);
    }

    @Override
    public void multiplyRows(
            SingleInput x, float[] y, int yOffset, int[] indices, int from, int to, Reading reading, Scratch scratch) {
        Ranges.check(from, to, indices.length, name);
        multiply(ready(x, scratch), y, yOffset, indices, from, to, way().bySteps(), reading, scratch);
    }

    /** x with the form of {@link VectorFormat#prepare} beside it: the caller's if it has it, else one that does. */
    private SingleInput ready(SingleInput x, Scratch scratch) {
        if (preparedFloats == 0 || x.isPreparedFor(format.type(), columns)) {
            return x;
        }
        SingleInput own = scratch.single();
        own.set(x.x(), x.offset());
        prepare(own);
        return own;
    }

    /**
     * Rows of a list side by side, which lie a fourth or an eighth of it apart: as many streams that the hardware prefetches.
     *
     * @param input see {@link #ready}
     * @param indices null for all rows
     */
    private void multiply(
            SingleInput input, float[] y, int yOffset, int[] indices, int from, int to, boolean bySteps, Reading reading,
            Scratch scratch) {
        float[] work = scratch.floats(this.work);
        float[] x = input.x();
        int xOffset = input.offset();
        float[] prepared = preparedFloats > 0 ? input.prepared() : x;
        int preparedOffset = preparedFloats > 0 ? 0 : xOffset;
        long[] starts = scratch.starts;
        boolean eight = bySteps && format.takesEight() && reading.rows() == 8;
        int sideBySide = eight ? 8 : 4;
        int firstLines = eight ? 0 : (int) Math.min(reading.firstLines(), rowBytes / FirstLines.LINE);
        int apart = Math.ceilDiv(to - from, sideBySide);
        for (int i = from; i < from + apart; i++) {
            list(indices, i, apart, sideBySide, to, scratch);
            if (firstLines > 0) {
                scratch.rows[MARGIN + 8] = FirstLines.load(data, starts, MARGIN, MARGIN + 4, firstLines);
            }
            if (eight) {
                format.eightBySteps(data, starts, stepBytes, steps, prepared, preparedOffset, work);
            } else if (bySteps) {
                format.fourBySteps(data, starts, stepBytes, steps, prepared, preparedOffset, work);
            } else {
                format.dot4(
                        data,
                        starts[MARGIN],
                        starts[MARGIN + 1],
                        starts[MARGIN + 2],
                        starts[MARGIN + 3],
                        columns,
                        x,
                        xOffset,
                        work);
            }
            for (int r = 0; r < sideBySide && bySteps; r++) {
                for (int c = wholeColumns; c < columns; c++) {
                    float weight = format.weight(data, starts[MARGIN + r], c);
                    int lane = (c - wholeColumns) % VectorWidth.LANES;
                    LaneSums.add(weight, x[xOffset + c], work, MARGIN + r * VectorWidth.LANES + lane);
                }
            }
            store(scratch.rows, sideBySide, bySteps, x, xOffset, y, yOffset, work);
        }
    }

    /** Rows i, i + apart and so on, and where they begin; the last one again where there are no more. */
    private void list(int[] indices, int i, int apart, int sideBySide, int to, Scratch scratch) {
        for (int r = 0; r < sideBySide; r++) {
            int at = Math.min(i + r * apart, to - 1);
            int row = indices == null ? at : indices[at];
            scratch.rows[MARGIN + r] = row;
            scratch.starts[MARGIN + r] = row * rowBytes;
        }
    }

    /** Adds up the lanes of each row; what the short form of a product cannot be trusted with is done anew. */
    private void store(
            int[] list, int sideBySide, boolean bySteps, float[] x, int xOffset, float[] y, int yOffset, float[] work) {
        boolean trusted = true;
        for (int r = 0; r < sideBySide; r++) {
            int row = list[MARGIN + r];
            float total = LaneSums.total(work, MARGIN + r * VectorWidth.LANES);
            y[yOffset + row] = total;
            trusted &= isTrusted(total, row, bySteps);
        }
        if (trusted) {
            return;
        }
        for (int r = 0; r < sideBySide; r++) {
            int row = list[MARGIN + r];
            if (!isTrusted(y[yOffset + row], row, bySteps)) {
                long at = row * rowBytes;
                format.dot4Unpacked(data, at, at, at, at, columns, x, xOffset, work);
                y[yOffset + row] = LaneSums.total(work, MARGIN);
            }
        }
    }

    private boolean isTrusted(float total, int row, boolean bySteps) {
        return Float.isFinite(total) && (!bySteps || finite == null || finite.isFinite(row));
    }
}
