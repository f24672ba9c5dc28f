package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.INTS;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Turns what kernels load into vectors of {@link VectorWidth#LANES} numbers.
 *
 * <p>The loads themselves, from memory segments, stand in the kernels: a method with one in it may compile to more than
 * the 2500 bytes up to which C2 inlines what it has compiled before, and a vector returned by a call is boxed. Methods
 * without a load are small enough.
 */
final class VectorLoads {

    /** Multiplied with these, byte i of an int, counted from the lowest, is at the top of lane i. */
    private static final int[] BYTE_TO_TOP = {1 << 24, 1 << 16, 1 << 8, 1};
    /** Multiplied with these, bit i is. (Shifts by a vector were boxed at 128 bits.) */
    static final int[] BIT_TO_TOP = new int[16];

    static {
        for (int i = 0; i < BIT_TO_TOP.length; i++) {
            BIT_TO_TOP[i] = 1 << 31 - i;
        }
    }

    private VectorLoads() {}

    /** For 8 and 16 lanes. */
    static IntVector signed(ByteVector bytes) {
        return (IntVector) bytes.convertShape(VectorOperators.B2I, INTS, 0);
    }

    /** For 4 lanes: there are no vectors of 4 bytes. */
    static IntVector signed(int fourBytes) {
        return spread(fourBytes).lanewise(VectorOperators.ASHR, 24);
    }

    /** For 8 and 16 lanes. */
    static IntVector unsigned(ByteVector bytes) {
        return (IntVector) bytes.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
    }

    /** For 4 lanes. */
    static IntVector unsigned(int fourBytes) {
        return spread(fourBytes).lanewise(VectorOperators.LSHR, 24);
    }

    private static IntVector spread(int fourBytes) {
        return IntVector.broadcast(INTS, fourBytes).mul(IntVector.fromArray(INTS, BYTE_TO_TOP, 0));
    }

    /** BF16 is the upper half of F32. */
    static FloatVector bf16(ShortVector upperHalves) {
        return ((IntVector) upperHalves.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }
}
