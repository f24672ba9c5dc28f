package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Eight rows at a time, of 16 lanes, for rows that do not follow one another: where each begins, the prefetchers have
 * to find out anew that it will be read on, some 150 ns a row, and more rows side by side wait for it together. Rows of
 * 2 to 4 KB, half of them listed: 1.2 times the speed of four. (Where all rows are read, four are as fast.) Each row's
 * operations are those of its type's kernel for four, in the same order, so that it gets the same bits. Written out: see
 * {@link VectorFormat} on calls.
 */
final class VectorEightRows {

    private VectorEightRows() {}

    static void q8x0(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
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
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long at = b * 34L;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32 + 16);
            FloatVector upper0 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r0 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum0 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r0 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper0)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r0 + at))), sum0);
            FloatVector upper1 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r1 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum1 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r1 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper1)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r1 + at))), sum1);
            FloatVector upper2 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r2 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum2 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r2 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper2)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r2 + at))), sum2);
            FloatVector upper3 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r3 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum3 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r3 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper3)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r3 + at))), sum3);
            FloatVector upper4 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r4 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum4 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r4 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper4)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r4 + at))), sum4);
            FloatVector upper5 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r5 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum5 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r5 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper5)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r5 + at))), sum5);
            FloatVector upper6 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r6 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum6 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r6 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper6)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r6 + at))), sum6);
            FloatVector upper7 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r7 + at + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum7 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, r7 + at + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper7)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r7 + at))), sum7);
        }
        sum0.intoArray(work, 0);
        sum1.intoArray(work, LANES);
        sum2.intoArray(work, 2 * LANES);
        sum3.intoArray(work, 3 * LANES);
        sum4.intoArray(work, 4 * LANES);
        sum5.intoArray(work, 5 * LANES);
        sum6.intoArray(work, 6 * LANES);
        sum7.intoArray(work, 7 * LANES);
    }

    static void q4x0(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
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
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long at = b * 18L;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32 + 16);
            FloatVector zero = v0.add(v1).mul(-8f);
            FloatVector u1 = v1.mul(0.0625f).sub(v0);
            IntVector both0 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r0 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part0 = ((FloatVector) both0.convert(I2F, 0)).fma(v0, zero);
            sum0 = ((FloatVector) both0.and(0xf0).convert(I2F, 0))
                    .fma(u1, part0)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r0 + at))), sum0);
            IntVector both1 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r1 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part1 = ((FloatVector) both1.convert(I2F, 0)).fma(v0, zero);
            sum1 = ((FloatVector) both1.and(0xf0).convert(I2F, 0))
                    .fma(u1, part1)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r1 + at))), sum1);
            IntVector both2 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r2 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part2 = ((FloatVector) both2.convert(I2F, 0)).fma(v0, zero);
            sum2 = ((FloatVector) both2.and(0xf0).convert(I2F, 0))
                    .fma(u1, part2)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r2 + at))), sum2);
            IntVector both3 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r3 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part3 = ((FloatVector) both3.convert(I2F, 0)).fma(v0, zero);
            sum3 = ((FloatVector) both3.and(0xf0).convert(I2F, 0))
                    .fma(u1, part3)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r3 + at))), sum3);
            IntVector both4 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r4 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part4 = ((FloatVector) both4.convert(I2F, 0)).fma(v0, zero);
            sum4 = ((FloatVector) both4.and(0xf0).convert(I2F, 0))
                    .fma(u1, part4)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r4 + at))), sum4);
            IntVector both5 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r5 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part5 = ((FloatVector) both5.convert(I2F, 0)).fma(v0, zero);
            sum5 = ((FloatVector) both5.and(0xf0).convert(I2F, 0))
                    .fma(u1, part5)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r5 + at))), sum5);
            IntVector both6 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r6 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part6 = ((FloatVector) both6.convert(I2F, 0)).fma(v0, zero);
            sum6 = ((FloatVector) both6.and(0xf0).convert(I2F, 0))
                    .fma(u1, part6)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r6 + at))), sum6);
            IntVector both7 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, r7 + at + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part7 = ((FloatVector) both7.convert(I2F, 0)).fma(v0, zero);
            sum7 = ((FloatVector) both7.and(0xf0).convert(I2F, 0))
                    .fma(u1, part7)
                    .fma(FloatVector.broadcast(FLOATS, Float.float16ToFloat(w.get(SHORT, r7 + at))), sum7);
        }
        sum0.intoArray(work, 0);
        sum1.intoArray(work, LANES);
        sum2.intoArray(work, 2 * LANES);
        sum3.intoArray(work, 3 * LANES);
        sum4.intoArray(work, 4 * LANES);
        sum5.intoArray(work, 5 * LANES);
        sum6.intoArray(work, 6 * LANES);
        sum7.intoArray(work, 7 * LANES);
    }

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
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum0);
            sum1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r1 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum1);
            sum2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r2 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum2);
            sum3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r3 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum3);
            sum4 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r4 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum4);
            sum5 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r5 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum5);
            sum6 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r6 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum6);
            sum7 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, r7 + at, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .and(VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(v, sum7);
        }
        sum0.mul(VectorF16.HALF_POWER).intoArray(work, 0);
        sum1.mul(VectorF16.HALF_POWER).intoArray(work, LANES);
        sum2.mul(VectorF16.HALF_POWER).intoArray(work, 2 * LANES);
        sum3.mul(VectorF16.HALF_POWER).intoArray(work, 3 * LANES);
        sum4.mul(VectorF16.HALF_POWER).intoArray(work, 4 * LANES);
        sum5.mul(VectorF16.HALF_POWER).intoArray(work, 5 * LANES);
        sum6.mul(VectorF16.HALF_POWER).intoArray(work, 6 * LANES);
        sum7.mul(VectorF16.HALF_POWER).intoArray(work, 7 * LANES);
        for (int c = whole; c < columns; c++) {
            for (int r = 0; r < 8; r++) {
                LaneSums.add(ScalarBlocks.half(w, rows[r] + 2L * c), x[xOffset + c], work, c - whole + r * LANES);
            }
        }
    }
}
