package dev.sparsellm.kernels.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Puts GGUF files together byte by byte, well-formed or not, after the specification and without the writer. */
final class RawGguf {

    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 21).order(ByteOrder.LITTLE_ENDIAN);

    static RawGguf header(int version, long tensors, long keys) {
        return new RawGguf().text4("GGUF").u32(version).u64(tensors).u64(keys);
    }

    RawGguf text4(String magic) {
        bytes.put(magic.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    RawGguf u8(int value) {
        bytes.put((byte) value);
        return this;
    }

    RawGguf u16(int value) {
        bytes.putShort((short) value);
        return this;
    }

    RawGguf u32(long value) {
        bytes.putInt((int) value);
        return this;
    }

    RawGguf u64(long value) {
        bytes.putLong(value);
        return this;
    }

    RawGguf f32(float value) {
        bytes.putFloat(value);
        return this;
    }

    RawGguf f64(double value) {
        bytes.putDouble(value);
        return this;
    }

    RawGguf text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        bytes.putLong(utf8.length).put(utf8);
        return this;
    }

    /** A key and the number of its value's type. */
    RawGguf key(String key, int type) {
        return text(key).u32(type);
    }

    RawGguf array(String key, int elementType, long count) {
        return key(key, 9).u32(elementType).u64(count);
    }

    RawGguf tensor(String name, int type, long offset, long... dimensions) {
        text(name).u32(dimensions.length);
        for (long dimension : dimensions) {
            u64(dimension);
        }
        return u32(type).u64(offset);
    }

    RawGguf pad(int alignment) {
        while (bytes.position() % alignment != 0) {
            bytes.put((byte) 0);
        }
        return this;
    }

    RawGguf zeros(int count) {
        bytes.put(new byte[count]);
        return this;
    }

    int size() {
        return bytes.position();
    }

    byte[] bytes() {
        byte[] copy = new byte[bytes.position()];
        bytes.get(0, copy);
        return copy;
    }

    Path write(Path file) throws IOException {
        return Files.write(file, bytes());
    }
}
