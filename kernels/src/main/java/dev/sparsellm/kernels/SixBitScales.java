package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.ScalarBlocks.LONG;
import static dev.sparsellm.kernels.Scratch.MARGIN;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scales and minima of four blocks of Q4_K or Q5_K, by vectors of 256 bits: the eight of a block are as many lanes, taken from
 * the {@link SixBits} that are the bytes of a long. A long in all lanes is its lower half in every other lane of ints, so that lane l has
 * that of group {@code l / 2 + 4 · (l % 2)}.
 */
final class SixBitScales {

    static final VectorSpecies<Long> LONGS = VectorSpecies.of(long.class, FLOATS.vectorShape());

    /** Bits before a lane's byte in its int. */
    static final IntVector PLACES = IntVector.fromArray(INTS, places(), 0);

    private SixBitScales() {}

    private static int[] places() {
        int[] places = new int[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            places[lane] = lane / 2 * 8 % 32;
        }
        return places;
    }

    /** The lane of a group. */
    static int lane(int group) {
        return 2 * (group & 3) + (group >> 2);
    }

    /**
     * Of the blocks that begin {@code block} bytes after the rows at {@code starts}, from {@link Scratch#MARGIN} on: scales to
     * {@code work}, [4][8] from {@code scales} on, and what minima come to added to the sums, [4][LANES] from {@code Scratch.MARGIN} on.
     *
     * @param x eight numbers from {@code sums} on that minima are to be multiplied with, by lanes
     */
    static void unpack(MemorySegment w, long[] starts, long block, float[] x, int sums, float[] work, int scales) {
        w = NativeSegments.of(w);
        for (int r = 0; r < 4; r++) {
            long at = starts[MARGIN + r] + block;
            long first = w.get(LONG, at); // d, dmin, 4 of the 12 bytes
            long rest = w.get(LONG, at + 8);
            float d = HalfTable.VALUES[(int) first & 0xffff];
            float dmin = HalfTable.VALUES[(int) first >>> 16];
            long sixScales = SixBits.scales((int) (first >>> 32), (int) (rest >>> 32));
            long sixMinima = SixBits.minima((int) rest, (int) (rest >>> 32));
            IntVector s = LongVector.broadcast(LONGS, sixScales).reinterpretAsInts().lanewise(LSHR, PLACES).and(63);
            IntVector m = LongVector.broadcast(LONGS, sixMinima).reinterpretAsInts().lanewise(LSHR, PLACES).and(63);
            ((FloatVector) s.convert(I2F, 0)).mul(d).intoArray(work, scales + 8 * r);
            ((FloatVector) m.convert(I2F, 0))
                    .mul(dmin)
                    .fma(
                            FloatVector.fromArray(FLOATS, x, sums),
                            FloatVector.fromArray(FLOATS, work, MARGIN + r * LANES))
                    .intoArray(work, MARGIN + r * LANES);
        }
    }
}
