package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.BYTES;
import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.INTS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.SHORTS;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** {@link VectorWidth#LANES} consecutive numbers of a weight file as one vector. */
final class VectorLoads {

    /** Moves byte i of an int, counted from the lowest, to the top of lane i. */
    private static final IntVector BYTE_TO_TOP =
            IntVector.broadcast(INTS, 24).sub(IntVector.zero(INTS).addIndex(8));

    private VectorLoads() {}

    static FloatVector f32(MemorySegment data, long at) {
        return FloatVector.fromMemorySegment(FLOATS, data, at, ByteOrder.LITTLE_ENDIAN);
    }

    static FloatVector bf16(MemorySegment data, long at) {
        return ((IntVector) shorts(data, at).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }

    /**
     * F16 to F32 without loss. There is no vector of F16 to convert from, so exponent and mantissa are put where F32 has
     * them, and the difference of the biases, 127 − 15 = 112, is added to the exponent. Two kinds of numbers have none
     * to add to: infinities and NaN take 112 once more, up to 255; denormals m·2⁻²⁴ are read as 2⁻¹⁴ + m·2⁻²⁴, from
     * which 2⁻¹⁴ is then taken away. (A multiplication by 2¹¹² would do for these, too, at 150 cycles on some CPUs.)
     */
    static FloatVector f16(MemorySegment data, long at) {
        IntVector bits = (IntVector) shorts(data, at).convertShape(VectorOperators.S2I, INTS, 0);
        IntVector sign = bits.and(0x8000_0000);
        IntVector magnitude = bits.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
        VectorMask<Float> denormal = magnitude.lt(1 << 23).cast(FLOATS);
        IntVector biased = magnitude.add(112 << 23);
        biased = biased.add(112 << 23, magnitude.lt(31 << 23).not());
        FloatVector tiny = magnitude.add(113 << 23).reinterpretAsFloats().sub(0x1p-14f);
        return biased.reinterpretAsFloats()
                .blend(tiny, denormal)
                .reinterpretAsInts()
                .or(sign)
                .reinterpretAsFloats();
    }

    private static ShortVector shorts(MemorySegment data, long at) {
        return ShortVector.fromMemorySegment(SHORTS, data, at, ByteOrder.LITTLE_ENDIAN);
    }

    static IntVector signedBytes(MemorySegment data, long at) {
        if (LANES == 4) {
            return bytesOnTop(data, at).lanewise(VectorOperators.ASHR, 24);
        }
        return (IntVector) bytes(data, at).convertShape(VectorOperators.B2I, INTS, 0);
    }

    static IntVector unsignedBytes(MemorySegment data, long at) {
        if (LANES == 4) {
            return bytesOnTop(data, at).lanewise(VectorOperators.LSHR, 24);
        }
        return (IntVector) bytes(data, at).convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
    }

    private static ByteVector bytes(MemorySegment data, long at) {
        return ByteVector.fromMemorySegment(BYTES, data, at, ByteOrder.LITTLE_ENDIAN);
    }

    private static IntVector bytesOnTop(MemorySegment data, long at) {
        return IntVector.broadcast(INTS, data.get(ScalarBlocks.INT, at)).lanewise(VectorOperators.LSHL, BYTE_TO_TOP);
    }

    static FloatVector toFloat(IntVector v) {
        return (FloatVector) v.convert(VectorOperators.I2F, 0);
    }
}
