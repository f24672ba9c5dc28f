package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Eight rows at a time of quantised types, of 16 lanes, for rows that do not follow one another: where each begins, the
 * prefetchers have to find out anew that it will be read on, some 150 ns a row, and more rows side by side wait for it
 * together. Rows of 2 to 4 KB, half of them listed: 1.1 to 1.2 times the speed of four. (Where all rows are read, four
 * are as fast or faster.) Each row's operations are those of its type's kernel for four, in the same order, so that it
 * gets the same bits.
 *
 * <p>Four rows' code in an inner loop, and sums in memory: with eight rows written out, which is faster by up to a
 * twentieth, C2 has 40,000 to 60,000 nodes to deal with, and in one JVM of two that have seen several types and kinds of
 * memory it stops inlining in the last row: its vectors are boxed, for a tenth of the speed. See {@link VectorFormat}.
 */
final class VectorEightRows {

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
}
