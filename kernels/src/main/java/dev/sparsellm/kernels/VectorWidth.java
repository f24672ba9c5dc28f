package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.Scratch.MARGIN;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The width all vector code runs at, fixed for the life of the JVM: C2 compiles vector operations to instructions only
 * where the species is a constant. No species is named elsewhere.
 */
final class VectorWidth {

    /** The widest this CPU prefers, within what {@link KernelChoice#VECTOR_BITS} allows. */
    static final int BITS =
            Math.min(VectorShape.preferredShape().vectorBitSize(), Integer.getInteger(KernelChoice.VECTOR_BITS, 512));

    static final VectorSpecies<Float> FLOATS =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Math.max(128, BITS))); // less is refused
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());
    /** As many 16-bit numbers as there are floats in a vector. */
    static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
    /** As many bytes as there are floats in a vector, except at 128 bits, where no vector is that small. */
    static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 4)));

    /** As many 16-bit numbers as go into a vector, and as many bytes. */
    static final VectorSpecies<Short> WHOLE_SHORTS = VectorSpecies.of(short.class, FLOATS.vectorShape());

    static final VectorSpecies<Byte> HALF_BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    /** Floats in a vector: 4, 8 or 16. */
    static final int LANES = FLOATS.length();

    /** Exchange lanes that many apart. */
    static final VectorShuffle<Float> EIGHT_APART = lanesApart(8);

    static final VectorShuffle<Float> FOUR_APART = lanesApart(4);

    static final VectorShuffle<Float> TWO_APART = lanesApart(2);

    static final VectorShuffle<Float> ONE_APART = lanesApart(1);

    private VectorWidth() {}

    private static VectorShuffle<Float> lanesApart(int distance) {
        return VectorShuffle.fromOp(FLOATS, lane -> lane ^ distance & LANES - 1);
    }

    static FloatVector zero() {
        return FloatVector.zero(FLOATS);
    }

    static FloatVector load(float[] a, int at) {
        return FloatVector.fromArray(FLOATS, a, at);
    }

    /** Keeps four vectors of sums where {@link LaneSums} adds them up. */
    static void store(FloatVector sum0, FloatVector sum1, FloatVector sum2, FloatVector sum3, float[] sums) {
        sum0.intoArray(sums, MARGIN);
        sum1.intoArray(sums, MARGIN + LANES);
        sum2.intoArray(sums, MARGIN + 2 * LANES);
        sum3.intoArray(sums, MARGIN + 3 * LANES);
    }

    /** Sum of the lanes in halves, the order of {@link LaneSums#total}; for methods that have but one such sum. */
    static float total(FloatVector v) {
        if (LANES == 16) {
            v = v.add(v.rearrange(EIGHT_APART));
        }
        if (LANES >= 8) {
            v = v.add(v.rearrange(FOUR_APART));
        }
        v = v.add(v.rearrange(TWO_APART));
        return v.add(v.rearrange(ONE_APART)).lane(0);
    }
}
