package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorLoads.bf16;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.store;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
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
        return LANES == 16 ? VectorF16.LONG_ROW : Long.MAX_VALUE;
    }

    @Override
    public void dot8(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        if (LANES == 16) {
            eight(w, rows, columns, x, xOffset, work);
        } else {
            VectorFormat.super.dot8(w, rows, columns, x, xOffset, work);
        }
    }

    /** As of F16: see {@link VectorF16}. */
    private static void eight(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        long r0 = rows[0];
        long r1 = rows[1];
        long r2 = rows[2];
        long r3 = rows[3];
        long r4 = rows[4];
        long r5 = rows[5];
        long r6 = rows[6];
        long r7 = rows[7];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector sum4 = FloatVector.zero(FLOATS);
        FloatVector sum5 = FloatVector.zero(FLOATS);
        FloatVector sum6 = FloatVector.zero(FLOATS);
        FloatVector sum7 = FloatVector.zero(FLOATS);
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            long at = 2L * c;
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + c);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
            sum4 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r4 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum4);
            sum5 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r5 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum5);
            sum6 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r6 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum6);
            sum7 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r7 + at, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, sum7);
        }
        sum0.intoArray(work, 0);
        sum1.intoArray(work, LANES);
        sum2.intoArray(work, 2 * LANES);
        sum3.intoArray(work, 3 * LANES);
        sum4.intoArray(work, 4 * LANES);
        sum5.intoArray(work, 5 * LANES);
        sum6.intoArray(work, 6 * LANES);
        sum7.intoArray(work, 7 * LANES);
        for (int c = whole; c < columns; c++) {
            for (int r = 0; r < 8; r++) {
                LaneSums.add(
                        ScalarBlocks.upperHalf(w, rows[r] + 2L * c), x[xOffset + c], work, c - whole + r * LANES);
            }
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
