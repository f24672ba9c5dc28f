package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorLoads.bf16;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.store;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/** Rows of BF16. */
final class VectorBF16 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.BF16;
    }

    @Override
    public void dot4(
            MemorySegment w,
            long r0,
            long r1,
            long r2,
            long r3,
            int columns,
            float[] x,
            int xOffset,
            float[] work) {
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        FloatVector sum2 = zero();
        FloatVector sum3 = zero();
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            long at = 2L * c;
            FloatVector v = load(x, xOffset + c);
            sum0 = bf16(ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)).fma(v, sum0);
            sum1 = bf16(ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)).fma(v, sum1);
            sum2 = bf16(ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)).fma(v, sum2);
            sum3 = bf16(ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)).fma(v, sum3);
        }
        store(sum0, sum1, sum2, sum3, work);
        for (int c = whole; c < columns; c++) {
            long at = 2L * c;
            LaneSums.add(ScalarBlocks.upperHalf(w, r0 + at), x[xOffset + c], work, c - whole);
            LaneSums.add(ScalarBlocks.upperHalf(w, r1 + at), x[xOffset + c], work, c - whole + LANES);
            LaneSums.add(ScalarBlocks.upperHalf(w, r2 + at), x[xOffset + c], work, c - whole + 2 * LANES);
            LaneSums.add(ScalarBlocks.upperHalf(w, r3 + at), x[xOffset + c], work, c - whole + 3 * LANES);
        }
    }

    @Override
    public long longRow() {
        return LANES == 16 ? VectorEightRows.LONG_ROW : Long.MAX_VALUE;
    }

    @Override
    public void dot8(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        if (LANES == 16) {
            VectorEightRows.bf16(w, rows, columns, x, xOffset, work);
        } else {
            VectorFormat.super.dot8(w, rows, columns, x, xOffset, work);
        }
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            bf16(ShortVector.fromMemorySegment(SHORTS, w, row + 2L * c, LITTLE_ENDIAN)).intoArray(out, o + c);
        }
        for (int c = whole; c < columns; c++) {
            out[o + c] = ScalarBlocks.upperHalf(w, row + 2L * c);
        }
    }
}
