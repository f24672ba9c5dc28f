package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.IntsAsFloats.TO_FLOAT;
import static dev.sparsellm.kernels.IntsAsFloats.UNIT;
import static dev.sparsellm.kernels.IntsAsFloats.UP;
import static dev.sparsellm.kernels.ScalarBlocks.SHORT;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.HALF_BYTES;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.WHOLE_SHORTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2S;

import dev.sparsellm.spi.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of Q4_0 by vectors of 256 bits. A block's 16 bytes are widened to as many numbers of 16 bits, two of which are an int with
 * four codes. Each is multiplied where it is, and so too large by a power of two, which x makes up for. The highest is not masked:
 * the int as it is has the lower three in it as well, each 2<sup>−4</sup> to 2<sup>−20</sup> as large, and their x have that taken off, as
 * {@link VectorQ4x0#fourBySteps} does with the two codes of a byte.
 */
final class VectorQ4x0Shorts implements VectorFormat {

    private static final IntVector CODE_0 = IntVector.broadcast(INTS, 0xf);
    private static final IntVector CODE_1 = IntVector.broadcast(INTS, 0xf0);
    private static final IntVector CODE_2 = IntVector.broadcast(INTS, 0xf << 16);

    /** Prepared numbers of a block: x of 32 codes, then its constant. */
    private static final int STRIDE = 33;

    private final VectorQ4x0 weightByWeight = new VectorQ4x0();

    @Override
    public TensorType type() {
        return TensorType.Q4_0;
    }

    @Override
    public List<Way> ways() {
        return List.of(Way.whole(true));
    }

    @Override
    public int preparedFloats(int columns) {
        return columns / 32 * STRIDE;
    }

    /**
     * For each block the x of each code of its eight ints, by what the code's place makes it too large, the lower three less what
     * the int as it is contributes of them; then what every lane's part of −8 · Σ x is.
     */
    @Override
    public void prepare(float[] x, int xOffset, int columns, float[] prepared) {
        for (int block = 0; block < columns / 32; block++) {
            int at = STRIDE * block;
            int low = xOffset + 32 * block; // weights 0 to 15 are the lower halves of the bytes
            int high = low + 16;
            for (int i = 0; i < 8; i++) {
                float whole = x[high + 2 * i + 1] * 0x1p-20f;
                prepared[at + i] = (x[low + 2 * i] - whole) * UP;
                prepared[at + 8 + i] = (x[high + 2 * i] * 0x1p-4f - whole) * UP;
                prepared[at + 16 + i] = (x[low + 2 * i + 1] * 0x1p-16f - whole) * UP;
                prepared[at + 24 + i] = whole * UP;
            }
            prepared[at + 32] = -8f / LANES / UNIT * VectorQ4x0.sum(x, low, 32);
        }
    }

    /**
     * Two rows are written out, see {@link VectorFormat} on calls, and take turns by name for four: C2 makes 23,800 nodes of two and
     * unrolls the loop over turns afterwards, where four written out are 41,000. Where a row's next block begins is added to, in
     * place of multiplied: fewer registers. With both, and one load for a block, 116 instructions for four blocks, 139 if codes are
     * converted, in place of 169 with two loads that widen to ints: 1.3 to 1.4 times as fast from memory, converted 1.14, AMD Zen 3.
     * One code not masked, and the block's constant beside its x: 111 instructions, 1.04 to 1.08.
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
                IntVector q0 = ByteVector.fromMemorySegment(HALF_BYTES, w, p0 + 2, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_B2S, WHOLE_SHORTS, 0)
                        .reinterpretAsInts();
                FloatVector part0 = ((FloatVector) q0.and(CODE_0).convert(TO_FLOAT, 0)).fma(v0, zero);
                part0 = ((FloatVector) q0.and(CODE_1).convert(TO_FLOAT, 0)).fma(v1, part0);
                part0 = ((FloatVector) q0.and(CODE_2).convert(TO_FLOAT, 0)).fma(v2, part0);
                part0 = ((FloatVector) q0.convert(TO_FLOAT, 0)).fma(v3, part0);
                part0 = part0.fma(FloatVector.broadcast(FLOATS, HalfTable.VALUES[w.get(SHORT, p0) & 0xffff]), sum0);
                int d1 = w.get(SHORT, p1) & 0xffff; // here since C2 has few nodes so far: see KernelSizeTest
                IntVector q1 = ByteVector.fromMemorySegment(HALF_BYTES, w, p1 + 2, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_B2S, WHOLE_SHORTS, 0)
                        .reinterpretAsInts();
                FloatVector part1 = ((FloatVector) q1.and(CODE_0).convert(TO_FLOAT, 0)).fma(v0, zero);
                part1 = ((FloatVector) q1.and(CODE_1).convert(TO_FLOAT, 0)).fma(v1, part1);
                part1 = ((FloatVector) q1.and(CODE_2).convert(TO_FLOAT, 0)).fma(v2, part1);
                part1 = ((FloatVector) q1.convert(TO_FLOAT, 0)).fma(v3, part1);
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
