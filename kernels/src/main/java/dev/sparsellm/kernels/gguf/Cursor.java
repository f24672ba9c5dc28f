package dev.sparsellm.kernels.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A place in the header of a file that moves forward, and never past what there is. */
final class Cursor {

    /**
     * Where a header must have ended: 128 MiB, sixteen times that of Llama 3. Bounds what a hostile file can make us
     * allocate.
     */
    private static final long MAX_HEADER_BYTES = 1L << 27;

    private final Path file;
    private final MemorySegment bytes;
    private final long end;
    private long position;
    private String reading = "the header";

    Cursor(Path file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
        this.end = Math.min(bytes.byteSize(), MAX_HEADER_BYTES);
    }

    long position() {
        return position;
    }

    /** Bytes left to read. */
    long remaining() {
        return end - position;
    }

    /** Names what is read next, for error messages. */
    void reading(String what) {
        reading = what;
    }

    /** An error at the present place, and what can be done about it. */
    GgufException error(String problem) {
        return damaged(file, reading + ", at byte " + position + ": " + problem);
    }

    static GgufException damaged(Path file, String problem) {
        return new GgufException("Cannot read " + file + ": " + problem
                + ". The file is damaged or incomplete: download or copy it again");
    }

    int int32() {
        long at = advance(Integer.BYTES);
        return bytes.get(LittleEndian.INT, at);
    }

    long int64() {
        long at = advance(Long.BYTES);
        return bytes.get(LittleEndian.LONG, at);
    }

    /** A number of things, refused if negative or if even the smallest of them would not fit in what is left. */
    long count(String things, int smallestBytes) {
        long count = int64();
        if (count < 0 || count > remaining() / smallestBytes) {
            position -= Long.BYTES;
            throw error("%s %s declared, but only %d bytes follow"
                    .formatted(Long.toUnsignedString(count), things, remaining() - Long.BYTES));
        }
        return count;
    }

    /** A string of at most {@code maxBytes} bytes. */
    String string(long maxBytes) {
        long length = count("bytes of text", 1);
        if (length > maxBytes) {
            throw error("a text of %d bytes where at most %d are allowed".formatted(length, maxBytes));
        }
        long at = advance(length);
        return new String(copy(at, length), StandardCharsets.UTF_8);
    }

    Object number(ValueType type) {
        long at = advance(type.bytes);
        return type.isReal()
                ? (Object) PackedArray.real(type, bytes, at)
                : (Object) PackedArray.whole(type, bytes, at);
    }

    boolean flag() {
        byte value = bytes.get(ValueLayout.JAVA_BYTE, advance(1));
        checkFlag(value);
        return value != 0;
    }

    PackedArray numbers(ValueType type) {
        long count = count("elements of type " + type, type.bytes);
        long length = count * type.bytes;
        byte[] copy = copy(advance(length), length);
        if (type == ValueType.BOOL) {
            for (byte value : copy) {
                checkFlag(value);
            }
        }
        return new PackedArray(type, copy);
    }

    PackedStrings strings() {
        int count = (int) count("texts", Long.BYTES); // fits: the header is shorter than 2^31 / 8
        long first = position;
        int[] starts = new int[count + 1];
        for (int i = 0; i < count; i++) {
            long length = count("bytes of text", 1);
            starts[i] = (int) (position - first);
            position += length;
        }
        starts[count] = (int) (position - first) + Long.BYTES;
        return new PackedStrings(copy(first, position - first), starts);
    }

    private void checkFlag(byte value) {
        if (value != 0 && value != 1) {
            throw error("a flag of value " + (value & 0xFF) + ", neither 0 nor 1");
        }
    }

    private byte[] copy(long from, long length) {
        return bytes.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE);
    }

    /** Moves forward and returns where it was. */
    private long advance(long length) {
        if (length > remaining()) {
            throw end < bytes.byteSize()
                    ? error("the header goes on beyond " + end + " bytes")
                    : error("the file ends here, %d bytes are missing".formatted(length - remaining()));
        }
        long at = position;
        position += length;
        return at;
    }
}
