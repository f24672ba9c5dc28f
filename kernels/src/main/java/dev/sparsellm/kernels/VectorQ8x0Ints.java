package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.IntsAsFloats.TO_FLOAT;
import static dev.sparsellm.kernels.IntsAsFloats.UNIT;
import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of Q8_0 by vectors of 256 bits, which is what a block's 32 codes are: one load in place of four that widen, and with it a
 * quarter of the checks. Codes are made unsigned, all at once, by turning their sign over: q + 128. Each is multiplied where it is in
 * its int, and so too large by a power of two, which x makes up for; x is laid in the order in which codes then come.
 */
final class VectorQ8x0Ints implements VectorFormat {

    private static final IntVector SIGNS = IntVector.broadcast(INTS, 0x80808080);
    private static final IntVector CODE_0 = IntVector.broadcast(INTS, 0xff);
    private static final IntVector CODE_1 = IntVector.broadcast(INTS, 0xff00);
    private static final IntVector CODE_2 = IntVector.broadcast(INTS, 0xff0000);

    /** Prepared numbers of a block: x of 32 codes, then its constant. */
    private static final int STRIDE = 33;

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
        return columns / 32 * STRIDE;
    }

    /**
     * For each block the x of the lowest bytes of its eight ints, then of the next ones and so on; then what every lane's part
     * of −128 · Σ x is, 1.02 times as fast as after all blocks.
     */
    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        for (int block = 0; block < columns / 32; block++) {
            int at = STRIDE * block;
            int from = xOffset + 32 * block;
            BytesOfInts.lay(x, from, prepared, at);
            prepared[at + 32] = -128f / LANES / UNIT * VectorQ4x0.sum(x, from, 32);
        }
    }

    /**
     * Two rows are written out and four multiplied by turns of names: see {@link VectorQ4x0Shorts#fourBySteps}. 107 instructions for four
     * blocks, 123 converted, in place of 139 with signed codes shifted to the top of their int one after another: 1.06 to 1.1 times as fast from
     * memory, AMD Zen 3 (1.05), 1.2 from cache (1.09).
     */
    @Override
    public void fourBySteps(
            MemorySegment w, long[] starts, long step, int count, float[] x, int xOffset, float[] work) {
        w = NativeSegments.of(w);
        long p0 = starts[MARGIN];
        long p1 = starts[MARGIN + 1];
        long p2 = starts[MARGIN + 2];
        long p3 = starts[MARGIN + 3];
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            int at = xOffset + STRIDE * i;
            FloatVector zero = FloatVector.broadcast(FLOATS, x[at + 32]);
            FloatVector v0 = FloatVector.fromArray(FLOATS, x, at);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x, at + 8);
            FloatVector v2 = FloatVector.fromArray(FLOATS, x, at + 16);
            FloatVector v3 = FloatVector.fromArray(FLOATS, x, at + 24);
            for (int turn = 0; turn < 2; turn++) {
                IntVector q0 = IntVector.fromMemorySegment(INTS, w, p0 + 2, LITTLE_ENDIAN).lanewise(XOR, SIGNS);
                FloatVector part0 = ((FloatVector) q0.and(CODE_0).convert(TO_FLOAT, 0)).fma(v0, zero);
                part0 = ((FloatVector) q0.and(CODE_1).convert(TO_FLOAT, 0)).fma(v1, part0);
                part0 = ((FloatVector) q0.and(CODE_2).convert(TO_FLOAT, 0)).fma(v2, part0);
                part0 = ((FloatVector) q0.lanewise(LSHR, 24).convert(TO_FLOAT, 0)).fma(v3, part0);
                part0 = part0.fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p0) & 0xffff]), sum0);
                IntVector q1 = IntVector.fromMemorySegment(INTS, w, p1 + 2, LITTLE_ENDIAN).lanewise(XOR, SIGNS);
                FloatVector part1 = ((FloatVector) q1.and(CODE_0).convert(TO_FLOAT, 0)).fma(v0, zero);
                part1 = ((FloatVector) q1.and(CODE_1).convert(TO_FLOAT, 0)).fma(v1, part1);
                part1 = ((FloatVector) q1.and(CODE_2).convert(TO_FLOAT, 0)).fma(v2, part1);
                int d1 = w.get(SHORT, p1) & 0xffff; // here since C2 has 15,800 nodes so far: see KernelSizeTest
                part1 = ((FloatVector) q1.lanewise(LSHR, 24).convert(TO_FLOAT, 0)).fma(v3, part1);
                part1 = part1.fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[d1]), sum1);
                sum0 = sum2;
                sum1 = sum3;
                sum2 = part0;
                sum3 = part1;
                long next0 = p0 + step;
                long next1 = p1 + step;
                p0 = p2;
                p1 = p3;
                p2 = next0;
                p3 = next1;
            }
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
