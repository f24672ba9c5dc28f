package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.IntsAsFloats.TO_FLOAT;
import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorSuperBlocks.SCALES;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Blocks of Q6_K by vectors of 256 bits. The halves and the pairs of bits of 32 codes are put together all at once, to the bytes of one vector
 * of ints; each is multiplied where it is, see {@link BytesOfInts}, and scales, of which 32 codes have two, are applied once. That codes
 * are 32 too large is taken off by Σ x of each group.
 */
final class VectorQ6KInts implements VectorSuperBlocks.Blocks {

    /** The lanes of the second group of 32 weights. */
    private static final VectorMask<Float> SECOND = VectorMask.fromLong(FLOATS, 0xf0);

    private static final int GROUPS = 16;
    private static final int STRIDE = VectorSuperBlocks.stride(GROUPS);

    @Override
    public VectorFormat weightByWeight() {
        return new VectorQ6K();
    }

    @Override
    public int groups() {
        return GROUPS;
    }

    @Override
    public float timesSum() {
        return -32;
    }

    @Override
    public void add(MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        for (int i = 0; i < count; i++) {
            int at = xOffset + STRIDE * i;
            unpackScales(w, starts, i * step, x, at + VectorSuperBlocks.WEIGHTS, work);
            addProducts(w, starts, i * step, x, at, work);
        }
    }

    /** Scales times d to the working memory, and what of the sums comes from codes being 32 too large. */
    private static void unpackScales(
            MemorySegment w, long[] starts, long block, float[] x, int sums, float[] work) {
        w = NativeSegments.of(w);
        for (int r = 0; r < 4; r++) {
            long at = starts[MARGIN + r] + block;
            float d = HalfTable.VALUES[w.get(SHORT, at + 208) & 0xffff];
            FloatVector sum = FloatVector.fromArray(FLOATS, work, MARGIN + r * LANES);
            for (int half = 0; half < 16; half += 8) {
                FloatVector scales = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, at + 192 + half, LITTLE_ENDIAN)
                                .convertShape(B2F, FLOATS, 0))
                        .mul(d);
                scales.intoArray(work, SCALES + 16 * r + half);
                sum = scales.fma(FloatVector.fromArray(FLOATS, x, sums + half), sum);
            }
            sum.intoArray(work, MARGIN + r * LANES);
        }
    }

    /** See {@link VectorQ4KInts}: 1.9 times as fast as weight by weight, AMD Zen 3, from memory. */
    private static void addProducts(MemorySegment w, long[] starts, long block, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int eighth = 0; eighth < 8; eighth++) {
            int at = xOffset + 32 * eighth;
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, at);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, at + 8);
            FloatVector v2 = FloatVector.fromArray(FLOATS, x, at + 16);
            FloatVector v3 = FloatVector.fromArray(FLOATS, x, at + 24);
            for (int r = 0; r < 4; r++) {
                long codes = starts[MARGIN + r] + block + 64 * (eighth >> 2) + 32 * (eighth & 1);
                long pairs = starts[MARGIN + r] + block + 128 + 32 * (eighth >> 2);
                IntVector low = IntVector.fromMemorySegment(INTS, w, codes, LITTLE_ENDIAN)
                        .lanewise(LSHR, 2 * (eighth & 2))
                        .and(0x0f0f0f0f);
                IntVector high = IntVector.fromMemorySegment(INTS, w, pairs, LITTLE_ENDIAN)
                        .lanewise(LSHR, 2 * (eighth & 3))
                        .and(0x03030303);
                IntVector q = low.or(high.lanewise(LSHL, 4));
                FloatVector part = ((FloatVector) q.and(0xff).convert(TO_FLOAT, 0)).fma(v0, zero);
                part = ((FloatVector) q.and(0xff << 8).convert(TO_FLOAT, 0)).fma(v1, part);
                part = ((FloatVector) q.and(0xff << 16).convert(TO_FLOAT, 0)).fma(v2, part);
                part = ((FloatVector) q.lanewise(LSHR, 24).convert(TO_FLOAT, 0)).fma(v3, part);
                int s = SCALES + 16 * r + 2 * eighth;
                FloatVector scales = FloatVector.broadcast(FLOATS, work[s]).blend(work[s + 1], SECOND);
                part.fma(scales, FloatVector.fromArray(FLOATS, work, MARGIN + r * LANES))
                        .intoArray(work, MARGIN + r * LANES);
            }
        }
    }
}
