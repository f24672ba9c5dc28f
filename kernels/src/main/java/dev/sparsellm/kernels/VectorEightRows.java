package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Eight rows at a time, of 16 lanes, for rows that do not follow one another: where each begins, the prefetchers have
 * to find out anew that it will be read on, some 150 ns a row, and more rows side by side wait for it together. Rows of
 * 2 to 4 KB, half of them listed: 1.1 to 1.2 times the speed of four. (Where all rows are read, four are as fast or
 * faster, but for {@linkplain #LONG_ROW long rows} of 16-bit numbers.) Each row's operations are those of its type's
 * kernel for four, in the same order, so that it gets the same bits.
 *
 * <p>Quantised types: a few rows' code in an inner loop, and sums in memory. With eight rows written out, which is
 * faster by up to a twentieth, C2 has 40,000 to 60,000 nodes to deal with, and in one JVM of two that have seen several
 * types and kinds of memory it stops inlining in the last row: its vectors are boxed, for a tenth of the speed. See
 * {@link VectorFormat}. F16 and BF16 are written out, at 27,000.
 */
final class VectorEightRows {

    /** F16 and BF16, all rows read: 8 KB and more 1.05 to 1.2 times the speed of four rows at a time, 4 KB 0.97. */
    static final long LONG_ROW = 8192;

    private VectorEightRows() {}

    /** Four rows in the loop: 1.01 to 1.15 times the speed of two. */
    static void q8x0(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        Arrays.fill(work, 0, 8 * LANES, 0);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long at = b * 34L;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32 + 16);
            for (int r = 0; r < 8; r += 4) {
                long r0 = rows[r] + at;
                FloatVector upper0 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r0 + 18, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .mul(v1);
                ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r0 + 2, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .fma(v0, upper0)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r0))),
                                FloatVector.fromArray(FLOATS, work, r * LANES))
                        .intoArray(work, r * LANES);
                long r1 = rows[r + 1] + at;
                FloatVector upper1 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r1 + 18, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .mul(v1);
                ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r1 + 2, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .fma(v0, upper1)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r1))),
                                FloatVector.fromArray(FLOATS, work, (r + 1) * LANES))
                        .intoArray(work, (r + 1) * LANES);
                long r2 = rows[r + 2] + at;
                FloatVector upper2 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r2 + 18, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .mul(v1);
                ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r2 + 2, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .fma(v0, upper2)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r2))),
                                FloatVector.fromArray(FLOATS, work, (r + 2) * LANES))
                        .intoArray(work, (r + 2) * LANES);
                long r3 = rows[r + 3] + at;
                FloatVector upper3 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r3 + 18, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .mul(v1);
                ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r3 + 2, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .fma(v0, upper3)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r3))),
                                FloatVector.fromArray(FLOATS, work, (r + 3) * LANES))
                        .intoArray(work, (r + 3) * LANES);
            }
        }
    }

    static void q4x0(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        Arrays.fill(work, 0, 8 * LANES, 0);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long at = b * 18L;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32 + 16);
            FloatVector zero = v0.add(v1).mul(-8f);
            FloatVector u1 = v1.mul(0.0625f).sub(v0);
            for (int r = 0; r < 8; r += 4) {
                long r0 = rows[r] + at;
                IntVector both0 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r0 + 2, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_B2I, INTS, 0);
                FloatVector part0 = ((FloatVector) both0.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
                ((FloatVector) both0.lanewise(AND, VectorQ4x0.HIGH).convertShape(I2F, FLOATS, 0))
                        .fma(u1, part0)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r0))),
                                FloatVector.fromArray(FLOATS, work, r * LANES))
                        .intoArray(work, r * LANES);
                long r1 = rows[r + 1] + at;
                IntVector both1 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r1 + 2, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_B2I, INTS, 0);
                FloatVector part1 = ((FloatVector) both1.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
                ((FloatVector) both1.lanewise(AND, VectorQ4x0.HIGH).convertShape(I2F, FLOATS, 0))
                        .fma(u1, part1)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r1))),
                                FloatVector.fromArray(FLOATS, work, (r + 1) * LANES))
                        .intoArray(work, (r + 1) * LANES);
                long r2 = rows[r + 2] + at;
                IntVector both2 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r2 + 2, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_B2I, INTS, 0);
                FloatVector part2 = ((FloatVector) both2.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
                ((FloatVector) both2.lanewise(AND, VectorQ4x0.HIGH).convertShape(I2F, FLOATS, 0))
                        .fma(u1, part2)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r2))),
                                FloatVector.fromArray(FLOATS, work, (r + 2) * LANES))
                        .intoArray(work, (r + 2) * LANES);
                long r3 = rows[r + 3] + at;
                IntVector both3 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r3 + 2, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_B2I, INTS, 0);
                FloatVector part3 = ((FloatVector) both3.convertShape(I2F, FLOATS, 0)).fma(v0, zero);
                ((FloatVector) both3.lanewise(AND, VectorQ4x0.HIGH).convertShape(I2F, FLOATS, 0))
                        .fma(u1, part3)
                        .fma(
                                FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r3))),
                                FloatVector.fromArray(FLOATS, work, (r + 3) * LANES))
                        .intoArray(work, (r + 3) * LANES);
            }
        }
    }

    /** Written out, with sums in registers: 1.05 times the speed of a loop over rows, and as fast where all are read. */
    static void f16(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
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
            FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + c).mul(VectorF16.HALF_POWER);
            sum0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r0 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
            sum4 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r4 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum4);
            sum5 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r5 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum5);
            sum6 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r6 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum6);
            sum7 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r7 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
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
            work[i] *= VectorF16.HALF_POWER;
        }
        for (int c = whole; c < columns; c++) {
            for (int r = 0; r < 8; r++) {
                LaneSums.add(ScalarBlocks.half(w, rows[r] + 2L * c), x[xOffset + c], work, c - whole + r * LANES);
            }
        }
    }

    /** As {@link #f16}. */
    static void bf16(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
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
}
