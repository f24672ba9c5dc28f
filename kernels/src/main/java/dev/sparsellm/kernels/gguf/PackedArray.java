package dev.sparsellm.kernels.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * A metadata array of numbers or flags in the bytes the file has, so that its memory is that of the file whatever its
 * type. Elements are made when asked for: {@link Long} for whole numbers, {@link Double} for real ones, or
 * {@link Boolean}.
 */
final class PackedArray extends AbstractList<Object> implements RandomAccess {

    private final ValueType type;
    private final MemorySegment bytes; // on the heap: outlives the mapping
    private final int size;

    PackedArray(ValueType type, byte[] bytes) {
        this.type = type;
        this.bytes = MemorySegment.ofArray(bytes);
        this.size = bytes.length / type.bytes;
    }

    ValueType type() {
        return type;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Object get(int index) {
        Objects.checkIndex(index, size);
        if (type == ValueType.BOOL) {
            return whole(index) != 0;
        }
        return type.isReal() ? (Object) real(index) : (Object) whole(index);
    }

    long whole(int index) {
        return whole(type, bytes, (long) index * type.bytes);
    }

    /** A whole-number element is converted. */
    double real(int index) {
        return type.isReal() ? real(type, bytes, (long) index * type.bytes) : whole(index);
    }

    static long whole(ValueType type, MemorySegment bytes, long offset) {
        return switch (type) {
            case UINT8, BOOL -> bytes.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
            case INT8 -> bytes.get(ValueLayout.JAVA_BYTE, offset);
            case UINT16 -> bytes.get(LittleEndian.SHORT, offset) & 0xFFFF;
            case INT16 -> bytes.get(LittleEndian.SHORT, offset);
            case UINT32 -> bytes.get(LittleEndian.INT, offset) & 0xFFFF_FFFFL;
            case INT32 -> bytes.get(LittleEndian.INT, offset);
            case UINT64, INT64 -> bytes.get(LittleEndian.LONG, offset);
            case FLOAT32, FLOAT64, STRING, ARRAY -> throw new AssertionError(type);
        };
    }

    static double real(ValueType type, MemorySegment bytes, long offset) {
        return type == ValueType.FLOAT32
                ? bytes.get(LittleEndian.FLOAT, offset)
                : bytes.get(LittleEndian.DOUBLE, offset);
    }
}
