package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.S2I;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Rows of F16. The Vector API has no F16 to convert from, and the CPU's own conversion, which C2 makes of a plain loop, can
 * neither write vectors apart nor multiply in the same loop. So bits are taken as they are: an F16 shifted left by 13,
 * its sign put back to the top, is an F32 of 2⁻¹¹² times its value, denormals included. Unpacking multiplies by the
 * power. In products it is made up for in two halves, so that neither x nor sums leave the range of F32, and rounding
 * stays as it was. Infinities and NaN alone come out wrong: unpacking puts them right, so rows that hold any are unpacked
 * for products, too. (To look for them while multiplying costs a third of the speed; {@link VectorRowProduct} does so
 * once for each row.)
 */
final class VectorF16 implements VectorFormat {

    /** All rows read: rows of 8 KB and more 1.05 to 1.2 times as fast by eight as by four, of 4 KB 0.97. BF16 likewise. */
    static final long LONG_ROW = 8192;

    private static final IntVector SIGN_AND_SHIFTED = IntVector.broadcast(INTS, 0x8fffe000);
    private static final short INFINITY = 0x7c00;
    private static final float HALF_POWER = 0x1p56f;
    private static final float POWER = 0x1p112f;
    /** Exponents of infinities and NaN, of an F32 and of a shifted F16. */
    private static final int EXPONENT = 0x7f800000;

    private static final int SHIFTED_EXPONENT = 0x0f800000;

    @Override
    public TensorType type() {
        return TensorType.F16;
    }

    @Override
    public boolean hasUnusualRows() {
        return true;
    }

    @Override
    public boolean isUnusual(MemorySegment w, long row, int columns) {
        int whole = SHORTS.loopBound(columns);
        ShortVector greatest = ShortVector.zero(SHORTS);
        for (int c = 0; c < whole; c += SHORTS.length()) {
            greatest = greatest.max(ShortVector.fromMemorySegment(SHORTS, w, row + 2L * c, LITTLE_ENDIAN)
                    .and(Short.MAX_VALUE));
        }
        int max = greatest.reduceLanes(MAX);
        for (int c = whole; c < columns; c++) {
            max = Math.max(max, w.get(ScalarBlocks.SHORT, row + 2L * c) & Short.MAX_VALUE);
        }
        return max >= INFINITY;
    }

    /** Twice as fast as unpacking. Written out: see {@link VectorFormat} on calls. */
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
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            long at = 2L * c;
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + c).mul(HALF_POWER);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
        }
        sum0.mul(HALF_POWER).intoArray(work, 0);
        sum1.mul(HALF_POWER).intoArray(work, LANES);
        sum2.mul(HALF_POWER).intoArray(work, 2 * LANES);
        sum3.mul(HALF_POWER).intoArray(work, 3 * LANES);
        for (int c = whole; c < columns; c++) {
            long at = 2L * c;
            LaneSums.add(ScalarBlocks.half(w, r0 + at), x[xOffset + c], work, c - whole);
            LaneSums.add(ScalarBlocks.half(w, r1 + at), x[xOffset + c], work, c - whole + LANES);
            LaneSums.add(ScalarBlocks.half(w, r2 + at), x[xOffset + c], work, c - whole + 2 * LANES);
            LaneSums.add(ScalarBlocks.half(w, r3 + at), x[xOffset + c], work, c - whole + 3 * LANES);
        }
    }

    @Override
    public long longRow() {
        return LANES == 16 ? LONG_ROW : Long.MAX_VALUE;
    }

    @Override
    public void dot8(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        if (LANES == 16) {
            eight(w, rows, columns, x, xOffset, work);
        } else {
            VectorFormat.super.dot8(w, rows, columns, x, xOffset, work);
        }
    }

    /** Written out, with sums in registers: 1.05 times the speed of a loop over rows. */
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
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + c).mul(HALF_POWER);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
            sum4 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r4 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum4);
            sum5 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r5 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum5);
            sum6 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r6 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum6);
            sum7 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r7 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED)
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
        for (int i = 0; i < 8 * LANES; i++) { // not before: eight vector operations more
            work[i] *= HALF_POWER;
        }
        for (int c = whole; c < columns; c++) {
            for (int r = 0; r < 8; r++) {
                LaneSums.add(ScalarBlocks.half(w, rows[r] + 2L * c), x[xOffset + c], work, c - whole + r * LANES);
            }
        }
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        int whole = FLOATS.loopBound(columns);
        for (int c = 0; c < whole; c += LANES) {
            IntVector shifted = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, row + 2L * c, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, SIGN_AND_SHIFTED);
            shifted.reinterpretAsFloats()
                    .mul(POWER)
                    .reinterpretAsInts()
                    .blend(shifted.or(EXPONENT), shifted.and(SHIFTED_EXPONENT).eq(SHIFTED_EXPONENT))
                    .reinterpretAsFloats()
                    .intoArray(out, o + c);
        }
        for (int c = whole; c < columns; c++) {
            out[o + c] = ScalarBlocks.half(w, row + 2L * c);
        }
    }
}
