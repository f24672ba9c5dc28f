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
 * 2 to 4 KB, half of them listed: 1.1 to 1.2 times the speed of four. (Where all rows are read, four are faster.) Each
 * row's operations are those of its type's kernel for four, in the same order, so that it gets the same bits.
 *
 * <p>A few rows' code in an inner loop, and sums in memory: with eight rows written out, which is faster by up to a
 * twentieth, C2 has 40,000 to 60,000 nodes to deal with, and in one JVM of two that have seen several types and kinds of
 * memory it stops inlining in the last row: its vectors are boxed, for a tenth of the speed. See {@link VectorFormat}.
 */
final class VectorEightRows {

    private VectorEightRows() {}

    static void q8x0(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        Arrays.fill(work, 0, 8 * LANES, 0);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long at = b * 34L;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + b * 32 + 16);
            for (int r = 0; r < 8; r += 2) {
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

    /** 32 columns at a time, so that a row's sums are loaded and stored half as often: 1.05 times the speed of 16. */
    static void f16(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        Arrays.fill(work, 0, 8 * LANES, 0);
        int whole = FLOATS.loopBound(columns);
        int pairs = whole / (2 * LANES) * (2 * LANES);
        for (int c = 0; c < pairs; c += 2 * LANES) {
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + c).mul(VectorF16.HALF_POWER);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + c + LANES).mul(VectorF16.HALF_POWER);
            for (int r = 0; r < 8; r++) {
                long at = rows[r] + 2L * c;
                FloatVector sum = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, at, LITTLE_ENDIAN)
                                .convertShape(S2I, INTS, 0))
                        .lanewise(LSHL, 13)
                        .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                        .reinterpretAsFloats()
                        .fma(v0, FloatVector.fromArray(FLOATS, work, r * LANES));
                ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, at + 2 * LANES, LITTLE_ENDIAN)
                                .convertShape(S2I, INTS, 0))
                        .lanewise(LSHL, 13)
                        .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                        .reinterpretAsFloats()
                        .fma(v1, sum)
                        .intoArray(work, r * LANES);
            }
        }
        for (int r = 0; r < 8 && pairs < whole; r++) {
            ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, rows[r] + 2L * pairs, LITTLE_ENDIAN)
                            .convertShape(S2I, INTS, 0))
                    .lanewise(LSHL, 13)
                    .lanewise(AND, VectorF16.SIGN_AND_SHIFTED)
                    .reinterpretAsFloats()
                    .fma(
                            FloatVector.fromArray(FLOATS, x, xOffset + pairs).mul(VectorF16.HALF_POWER),
                            FloatVector.fromArray(FLOATS, work, r * LANES))
                    .intoArray(work, r * LANES);
        }
        for (int i = 0; i < 8 * LANES; i++) {
            work[i] *= VectorF16.HALF_POWER;
        }
        for (int c = whole; c < columns; c++) {
            for (int r = 0; r < 8; r++) {
                LaneSums.add(ScalarBlocks.half(w, rows[r] + 2L * c), x[xOffset + c], work, c - whole + r * LANES);
            }
        }
    }

    /** As {@link #f16}; 1.2 times the speed of four rows, of 8 KB each and half of them listed. */
    static void bf16(MemorySegment w, long[] rows, int columns, float[] x, int xOffset, float[] work) {
        Arrays.fill(work, 0, 8 * LANES, 0);
        int whole = FLOATS.loopBound(columns);
        int pairs = whole / (2 * LANES) * (2 * LANES);
        for (int c = 0; c < pairs; c += 2 * LANES) {
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + c + LANES);
            for (int r = 0; r < 8; r++) {
                long at = rows[r] + 2L * c;
                FloatVector sum = ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, at, LITTLE_ENDIAN)
                                .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                        .lanewise(LSHL, 16)
                        .reinterpretAsFloats()
                        .fma(v0, FloatVector.fromArray(FLOATS, work, r * LANES));
                ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, at + 2 * LANES, LITTLE_ENDIAN)
                                .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                        .lanewise(LSHL, 16)
                        .reinterpretAsFloats()
                        .fma(v1, sum)
                        .intoArray(work, r * LANES);
            }
        }
        for (int r = 0; r < 8 && pairs < whole; r++) {
            ((IntVector) ShortVector.fromMemorySegment(SHORTS, w, rows[r] + 2L * pairs, LITTLE_ENDIAN)
                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(
                            FloatVector.fromArray(FLOATS, x, xOffset + pairs),
                            FloatVector.fromArray(FLOATS, work, r * LANES))
                    .intoArray(work, r * LANES);
        }
        for (int c = whole; c < columns; c++) {
            for (int r = 0; r < 8; r++) {
                LaneSums.add(
                        ScalarBlocks.upperHalf(w, rows[r] + 2L * c), x[xOffset + c], work, c - whole + r * LANES);
            }
        }
    }
}
