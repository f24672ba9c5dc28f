package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.INT;
import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.ScalarBlocks.half;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorLoads.signed;
import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.zero;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Rows of Q8_0; see {@link ScalarBlocks#q8x0}. */
final class VectorQ8x0 implements VectorFormat {

    @Override
    public TensorType type() {
        return TensorType.Q8_0;
    }

    /**
     * Rows 35 KB apart are 1.04 to 1.08 times as fast as rows 140 to 560 KB apart, all other things being equal, on Intel; on AMD Zen 5
     * these are 1.1 to 1.18 times as fast, whole models 1.12 to 1.3 times. On Intel Q4_0 loses a fifth by the former, F16 gains nothing.
     */
    @Override
    public List<Way> ways() {
        return ways(LANES == 16);
    }

    static List<Way> ways(boolean bySteps) {
        return List.of(new Way(180 * 1024, bySteps), Way.whole(bySteps));
    }

    /**
     * The scale applied once for a block, which spares one of eight operations. Written out: see {@link VectorFormat} on
     * calls.
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
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, xOffset + 32 * i + 16);
            long p0 = r0 + at;
            FloatVector upper0 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p0 + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum0 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p0 + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper0)
                    .fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p0) & 0xffff]), sum0);
            long p1 = r1 + at;
            FloatVector upper1 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p1 + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum1 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p1 + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper1)
                    .fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p1) & 0xffff]), sum1);
            long p2 = r2 + at;
            FloatVector upper2 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p2 + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum2 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p2 + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper2)
                    .fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p2) & 0xffff]), sum2);
            long p3 = r3 + at;
            FloatVector upper3 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p3 + 18, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .mul(v1);
            sum3 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, p3 + 2, LITTLE_ENDIAN)
                            .convertShape(B2F, FLOATS, 0))
                    .fma(v0, upper3)
                    .fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p3) & 0xffff]), sum3);
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
            long block = b * 34L;
            float d0 = half(w, r0 + block);
            float d1 = half(w, r1 + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + i;
                FloatVector v = load(x, xOffset + 32 * b + i);
                IntVector q0 = signed(w.get(INT, r0 + codes));
                IntVector q1 = signed(w.get(INT, r1 + codes));
                sum0 = weights(q0, d0).fma(v, sum0);
                sum1 = weights(q1, d1).fma(v, sum1);
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
            long block = c / 32 * 34L;
            float d = half(w, row + block);
            for (int i = 0; i < 32; i += LANES) {
                long codes = block + 2 + i;
                IntVector q = LANES == 4
                        ? signed(w.get(INT, row + codes))
                        : signed(ByteVector.fromMemorySegment(BYTES, w, row + codes, LITTLE_ENDIAN));
                weights(q, d).intoArray(out, o + c + i);
            }
        }
    }

    /** A block at a time, where a vector has half of one. */
    private static void unpackByTwoVectors(MemorySegment w, long row, int columns, float[] out, int o) {
        w = NativeSegments.of(w);
        for (int i = 0; i < columns / 32; i++) {
            long at = row + 34L * i;
            FloatVector d = FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, at) & 0xffff]);
            ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, at + 2, LITTLE_ENDIAN).convertShape(B2F, FLOATS, 0))
                    .mul(d)
                    .intoArray(out, o + 32 * i);
            ((FloatVector) ByteVector.fromMemorySegment(BYTES, w, at + 18, LITTLE_ENDIAN).convertShape(B2F, FLOATS, 0))
                    .mul(d)
                    .intoArray(out, o + 32 * i + 16);
        }
    }

    private static FloatVector weights(IntVector q, float d) {
        return ((FloatVector) q.convert(I2F, 0)).mul(d);
    }
}
