package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of Q8_0 by vectors of 256 bits, which is what a block's 32 codes are: one load in place of four that widen, and with it a
 * quarter of the checks. A code is multiplied at the top of its int, and so 2^24 times too large, which is exact; x is laid in
 * the order in which codes then come. 1.4 to 1.5 times as fast as by loads that widen, from memory and from cache, AMD Zen 3.
 */
final class VectorQ8x0Ints implements VectorFormat {

    /** The highest byte of an int. */
    private static final IntVector TOP = IntVector.broadcast(INTS, -1 << 24);

    /** Takes back what products come out too large by. */
    private static final float UNIT = 0x1p-24f;

    private final VectorQ8x0 weightByWeight = new VectorQ8x0();

    @Override
    public TensorType type() {
        return TensorType.Q8_0;
    }

    @Override
    public List<Way> ways() {
        return VectorQ8x0.ways(true);
    }

    @Override
    public int preparedFloats(int columns) {
        return columns;
    }

    /** For each block the x of the highest bytes of its eight ints, then of the next ones and so on. */
    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        for (int block = 0; block < columns; block += 32) {
            for (int i = 0; i < 32; i++) {
                prepared[block + 8 * (3 - i % 4) + i / 4] = x[xOffset + block + i];
            }
        }
    }

    /**
     * Overflows sooner than weights alone would. Rows are written out, see {@link VectorFormat} on calls; their bytes are not, since C2
     * unrolls the loop over them all the same, but makes 21,000 nodes in place of 40,500.
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
            long p0 = r0 + at;
            IntVector q0 = IntVector.fromMemorySegment(INTS, w, p0 + 2, LITTLE_ENDIAN);
            FloatVector part0 = FloatVector.zero(FLOATS);
            long p1 = r1 + at;
            IntVector q1 = IntVector.fromMemorySegment(INTS, w, p1 + 2, LITTLE_ENDIAN);
            FloatVector part1 = FloatVector.zero(FLOATS);
            long p2 = r2 + at;
            IntVector q2 = IntVector.fromMemorySegment(INTS, w, p2 + 2, LITTLE_ENDIAN);
            FloatVector part2 = FloatVector.zero(FLOATS);
            long p3 = r3 + at;
            IntVector q3 = IntVector.fromMemorySegment(INTS, w, p3 + 2, LITTLE_ENDIAN);
            FloatVector part3 = FloatVector.zero(FLOATS);
            for (int k = 0; k < 32; k += 8) {
                FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + 32 * i + k);
                part0 = ((FloatVector) q0.and(TOP).convert(I2F, 0)).fma(v, part0);
                q0 = q0.lanewise(LSHL, 8);
                part1 = ((FloatVector) q1.and(TOP).convert(I2F, 0)).fma(v, part1);
                q1 = q1.lanewise(LSHL, 8);
                part2 = ((FloatVector) q2.and(TOP).convert(I2F, 0)).fma(v, part2);
                q2 = q2.lanewise(LSHL, 8);
                part3 = ((FloatVector) q3.and(TOP).convert(I2F, 0)).fma(v, part3);
                q3 = q3.lanewise(LSHL, 8);
            }
            sum0 = part0.fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p0) & 0xffff]), sum0);
            sum1 = part1.fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p1) & 0xffff]), sum1);
            sum2 = part2.fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p2) & 0xffff]), sum2);
            sum3 = part3.fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p3) & 0xffff]), sum3);
        }
        sum0.mul(UNIT).intoArray(work, MARGIN);
        sum1.mul(UNIT).intoArray(work, MARGIN + LANES);
        sum2.mul(UNIT).intoArray(work, MARGIN + 2 * LANES);
        sum3.mul(UNIT).intoArray(work, MARGIN + 3 * LANES);
    }

    @Override
    public void unpack(MemorySegment w, long row, int columns, float[] out, int o) {
        weightByWeight.unpack(w, row, columns, out, o);
    }
}
