package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorLoads.unsigned;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q4_0; see {@link ScalarBlocks#q4x0}. Of 256 bits, by {@link VectorQ4x0Shorts}. */
final class VectorQ4x0 implements VectorFormat {

    /** What is left of a byte without its low nibble. */
    private static final IntVector HIGH = IntVector.broadcast(INTS, 0xf0);

    @Override
    public TensorType type() {
        return TensorType.Q4_0;
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.whole(LANES == 16));
    }

    @Override
    public int preparedFloats(int columns) {
        return columns / 32 * 33;
    }

    /** For each block x0, then x1 / 16 − x0; after all blocks, for each, what every lane's part of −8 · Σ (x0 + x1) is. */
    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        for (int block = 0; block < columns / 32; block++) {
            int at = 32 * block;
            for (int i = at; i < at + 16; i++) {
                prepared[i] = x[xOffset + i];
                prepared[i + 16] = x[xOffset + i + 16] * 0.0625f - x[xOffset + i];
            }
            prepared[columns + block] = -8f / LANES * sum(x, xOffset + at, 32);
        }
    }

    /** The sum of n numbers, a multiple of 8. */
    static float sum(float[] x, int from, int n) {
        float even = 0; // two sums, four of each at a time: additions wait for each other
        float odd = 0;
        for (int i = from; i < from + n; i += 8) {
            even += x[i] + x[i + 2] + (x[i + 4] + x[i + 6]);
            odd += x[i + 1] + x[i + 3] + (x[i + 5] + x[i + 7]);
        }
        return even + odd;
    }

    /**
     * The scale applied once for a block. With b = low + 16 · high, which is a byte,
     *
     * <pre>(low − 8) · x0 + (high − 8) · x1 = b · x0 + 16 high · (x1 / 16 − x0) − 8 · (x0 + x1),</pre>
     *
     * where 16 high is b without its lowest bits: no shift, and no mask for the low nibbles. A byte is widened once for both,
     * as a number without sign: seven operations for 32 weights. (Widened twice, as signed bytes, nine: 0.97 from memory.) The
     * last term's sum over the block is spread over the lanes: 16 floats for it would make half as much again of x, which then, at 8192 columns,
     * is no longer in the first-level cache. Rounding differs from unpacked products'; infinities become NaN. Written out:
     * see {@link VectorFormat} on calls.
     */
    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long r0 = starts[MARGIN];
        long r1 = starts[MARGIN + 1];
        long r2 = starts[MARGIN + 2];
        long r3 = starts[MARGIN + 3];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long at = i * step;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, xOffset + 32 * i);
            FloatVector u1 = FloatVector.fromArray(FLOATS, x, xOffset + 32 * i + 16);
            FloatVector zero = FloatVector.broadcast(FLOATS, x[xOffset + 32 * count + i]);
            long p0 = r0 + at;
            IntVector both0 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, p0 + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part0 = ((FloatVector) both0.convert(I2F, 0)).fma(v0, zero);
            sum0 = ((FloatVector) both0.and(HIGH).convert(I2F, 0))
                    .fma(u1, part0)
                    .fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p0) & 0xffff]), sum0);
            long p1 = r1 + at;
            IntVector both1 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, p1 + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part1 = ((FloatVector) both1.convert(I2F, 0)).fma(v0, zero);
            sum1 = ((FloatVector) both1.and(HIGH).convert(I2F, 0))
                    .fma(u1, part1)
                    .fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p1) & 0xffff]), sum1);
            long p3 = r3 + at;
            // Read here since C2 has fewer than 18,000 nodes so far: see KernelSizeTest. (Of the other rows, too: 0.93.)
            float d3 = HalfTable.VALUES[w.get(SHORT, p3) & 0xffff];
            long p2 = r2 + at;
            IntVector both2 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, p2 + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part2 = ((FloatVector) both2.convert(I2F, 0)).fma(v0, zero);
            sum2 = ((FloatVector) both2.and(HIGH).convert(I2F, 0))
                    .fma(u1, part2)
                    .fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p2) & 0xffff]), sum2);
            IntVector both3 = (IntVector) ByteVector.fromMemorySegment(BYTES, w, p3 + 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            FloatVector part3 = ((FloatVector) both3.convert(I2F, 0)).fma(v0, zero);
            sum3 = ((FloatVector) both3.and(HIGH).convert(I2F, 0))
                    .fma(u1, part3)
                    .fma(FloatVector.broadcast(FLOATS, d3), sum3);
        }
        sum0.intoArray(work, MARGIN);
        sum1.intoArray(work, MARGIN + LANES);
        sum2.intoArray(work, MARGIN + 2 * LANES);
        sum3.intoArray(work, MARGIN + 3 * LANES);
    }

    /** Vectors of 128 bits. Two at a time: 16 registers are too few for four rows. */
    @Override
    public void dot4(
            MemorySegment w, long r0, long r1, long r2, long r3, int columns, float[] x, int xOffset, float[] work) {
        for (int i = 0; i < 2; i++) { // not two calls: C2 would inline both
            two(w, i == 0 ? r0 : r2, i == 0 ? r1 : r3, columns, x, xOffset, work, MARGIN + 2 * i * LANES);
        }
    }

    private static void two(
            MemorySegment w, long r0, long r1, int columns, float[] x, int xOffset, float[] work, int at) {
        w = NativeSegments.of(w);
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long block = b * 18L;
            float d0 = half(w, r0 + block);
            float d1 = half(w, r1 + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + (i & 15);
                FloatVector v = load(x, xOffset + 32 * b + i);
                IntVector q0 = unsigned(w.get(INT, r0 + codes));
                IntVector q1 = unsigned(w.get(INT, r1 + codes));
                sum0 = weights(q0, i, d0).fma(v, sum0);
                sum1 = weights(q1, i, d1).fma(v, sum1);
            }
        }
        sum0.intoArray(work, at);
        sum1.intoArray(work, at + LANES);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        if (LANES == 16) {
            unpackByTwoVectors(w, row, columns, out, o);
            return;
        }
        w = NativeSegments.of(w);
        for (int c = 0; c < columns; c += 32) {
            long block = c / 32 * 18L;
            float d = half(w, row + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + (i & 15);
                IntVector q = LANES == 4
                        ? unsigned(w.get(INT, row + codes))
                        : unsigned(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                weights(q, i, d).intoArray(out, o + c + i);
            }
        }
    }

    /** A block at a time, where a vector has half of one. */
    private static void unpackByTwoVectors(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int i = 0; i < columns / 32; i++) {
            long at = row + 18L * i;
            FloatVector d = FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, at) & 0xffff]);
            IntVector q = unsigned(ByteVector.fromMemorySegment(BYTES, w, at + 2, LITTLE_ENDIAN));
            ((FloatVector) q.and(15).sub(8).convert(I2F, 0)).mul(d).intoArray(out, o + 32 * i);
            ((FloatVector) q.lanewise(VectorOperators.LSHR, 4).sub(8).convert(I2F, 0))
                    .mul(d)
                    .intoArray(out, o + 32 * i + 16);
        }
    }

    /** Weights i to i + LANES of the block: low nibbles up to 15, high ones from 16 on. */
    private static FloatVector weights(IntVector q, int i, float d) {
        return ((FloatVector) q.lanewise(VectorOperators.LSHR, i >> 2 & 4).and(15).sub(8).convert(I2F, 0)).mul(d);
    }
}
