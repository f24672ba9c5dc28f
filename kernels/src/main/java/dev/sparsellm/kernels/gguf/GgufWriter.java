package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Writes a GGUF version 3 file: first all metadata and tensor declarations, then the tensors' bytes in the order
 * declared, each padded to a multiple of 32 bytes. The bytes of the file depend on nothing but the calls made. Not safe
 * for several threads. Keys and names used twice, or longer than other readers allow, are {@link
 * IllegalArgumentException}s.
 */
public final class GgufWriter {

    private static final int ALIGNMENT = HeaderParser.DEFAULT_ALIGNMENT;
    private static final int MAX_KEY_BYTES = 65535; // GGUF specification
    private static final int MAX_NAME_BYTES = 63; // GGML_MAX_NAME - 1
    private static final int MAX_DIMENSIONS = 4; // GGML_MAX_DIMS

    private static final String TEMPORARY = ".tmp";
    private static final Duration LEFT_OVER = Duration.ofMinutes(10);

    private record Declaration(String name, TensorType type, List<Long> dimensions, long bytes, Body body) {}

    private final ByteArrayOutputStream keyValues = new ByteArrayOutputStream();
    private final Set<String> keys = new HashSet<>();
    private final List<Declaration> tensors = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    /** Nothing to write yet. */
    public GgufWriter() {}

    /** A metadata value with the type the file gives it. */
    public GgufWriter string(String key, String value) {
        return key(key, ValueType.STRING).text(value);
    }

    /** @throws IllegalArgumentException if the value is not from 0 to 65535 */
    public GgufWriter uint16(String key, int value) {
        checkRange(key, value, 0xFFFF);
        return key(key, ValueType.UINT16).number(value, Short.BYTES);
    }

    /** @throws IllegalArgumentException if the value is not from 0 to 2³² − 1 */
    public GgufWriter uint32(String key, long value) {
        checkRange(key, value, 0xFFFF_FFFFL);
        return key(key, ValueType.UINT32).number(value, Integer.BYTES);
    }

    /** A negative value stands for the unsigned number of the same bits. */
    public GgufWriter uint64(String key, long value) {
        return key(key, ValueType.UINT64).number(value, Long.BYTES);
    }

    public GgufWriter int32(String key, int value) {
        return key(key, ValueType.INT32).number(value, Integer.BYTES);
    }

    public GgufWriter int64(String key, long value) {
        return key(key, ValueType.INT64).number(value, Long.BYTES);
    }

    public GgufWriter float32(String key, float value) {
        return key(key, ValueType.FLOAT32).number(Float.floatToRawIntBits(value), Float.BYTES);
    }

    public GgufWriter float64(String key, double value) {
        return key(key, ValueType.FLOAT64).number(Double.doubleToRawLongBits(value), Double.BYTES);
    }

    public GgufWriter flag(String key, boolean value) {
        return key(key, ValueType.BOOL).number(value ? 1 : 0, 1);
    }

    public GgufWriter strings(String key, List<String> values) {
        array(key, ValueType.STRING, values.size());
        values.forEach(this::text);
        return this;
    }

    public GgufWriter int32s(String key, int[] values) {
        array(key, ValueType.INT32, values.length);
        for (int value : values) {
            number(value, Integer.BYTES);
        }
        return this;
    }

    /** Negative values stand for the unsigned numbers of the same bits. */
    public GgufWriter uint64s(String key, long[] values) {
        array(key, ValueType.UINT64, values.length);
        for (long value : values) {
            number(value, Long.BYTES);
        }
        return this;
    }

    public GgufWriter float32s(String key, float[] values) {
        array(key, ValueType.FLOAT32, values.length);
        for (float value : values) {
            number(Float.floatToRawIntBits(value), Float.BYTES);
        }
        return this;
    }

    public GgufWriter float64s(String key, double[] values) {
        array(key, ValueType.FLOAT64, values.length);
        for (double value : values) {
            number(Double.doubleToRawLongBits(value), Double.BYTES);
        }
        return this;
    }

    /**
     * Declares a tensor whose bytes {@code body} writes, exactly as many as type and dimensions give.
     *
     * @param dimensions one to four, the innermost, a multiple of the type's block size, first
     */
    public GgufWriter tensor(String name, TensorType type, List<Long> dimensions, Body body) {
        checkName("tensor name", name, MAX_NAME_BYTES);
        if (dimensions.isEmpty() || dimensions.size() > MAX_DIMENSIONS
                || dimensions.stream().anyMatch(d -> d < 1) || dimensions.getFirst() % type.blockSize() != 0) {
            throw new IllegalArgumentException("Tensor " + name + " of type " + type + " cannot have the dimensions "
                    + dimensions + ": one to four from 1 up, the first a multiple of " + type.blockSize());
        }
        if (!names.add(name)) {
            throw new IllegalArgumentException("A second tensor named " + name);
        }
        long bytes = dimensions.getFirst() / type.blockSize() * type.blockBytes();
        for (long dimension : dimensions.subList(1, dimensions.size())) {
            bytes = Math.multiplyExact(bytes, dimension);
        }
        tensors.add(new Declaration(name, type, List.copyOf(dimensions), bytes, body));
        return this;
    }

    /**
     * Writes to a temporary file beside {@code file}, forces it to disk, and moves it into place atomically: whoever
     * opens {@code file} finds what was there before, or all of the new.
     *
     * @throws IllegalStateException if a body writes another number of bytes than its tensor has
     * @throws IOException if it cannot be written, or if what is there is no file: a device is not to be replaced by one
     */
    public void write(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException(file + " is there already, and is no file");
        }
        Path folder = file.toAbsolutePath().getParent();
        String prefix = "." + file.getFileName() + ".";
        removeLeftOvers(folder, prefix);
        Path temporary = folder.resolve(prefix + UUID.randomUUID() + TEMPORARY);
        temporary.toFile().deleteOnExit(); // for Ctrl-C amid gigabytes
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Temporary files of processes that were killed: those nobody has written to for a while. */
    private static void removeLeftOvers(Path folder, String prefix) {
        Instant longAgo = Instant.now().minus(LEFT_OVER);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                folder, file -> file.getFileName().toString().startsWith(prefix)
                        && file.getFileName().toString().endsWith(TEMPORARY)
                        && Files.getLastModifiedTime(file).toInstant().isBefore(longAgo))) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | DirectoryIteratorException notOurs) {
            // Whether the folder can be written will show.
        }
    }

    private void writeTo(WritableByteChannel channel) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        number(header, 0x46554747, Integer.BYTES); // "GGUF"
        number(header, 3, Integer.BYTES);
        number(header, tensors.size(), Long.BYTES);
        number(header, keys.size(), Long.BYTES);
        keyValues.writeTo(header);
        long offset = 0;
        for (Declaration tensor : tensors) {
            text(header, tensor.name);
            number(header, tensor.dimensions.size(), Integer.BYTES);
            for (long dimension : tensor.dimensions) {
                number(header, dimension, Long.BYTES);
            }
            number(header, tensor.type.id(), Integer.BYTES);
            number(header, offset, Long.BYTES);
            offset = Math.addExact(offset, tensor.bytes + padding(tensor.bytes));
        }
        header.write(new byte[padding(header.size())]);
        writeFully(channel, ByteBuffer.wrap(header.toByteArray()));
        for (Declaration tensor : tensors) {
            CountingChannel counting = new CountingChannel(channel, tensor.name, tensor.bytes);
            tensor.body.writeTo(counting);
            counting.checkComplete();
            writeFully(channel, ByteBuffer.wrap(new byte[padding(tensor.bytes)]));
        }
    }

    private static int padding(long bytes) {
        return (int) (-bytes & (ALIGNMENT - 1));
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private GgufWriter key(String key, ValueType type) {
        checkName("key", key, MAX_KEY_BYTES);
        if (key.equals("general.alignment")) {
            throw new IllegalArgumentException("general.alignment cannot be chosen: it is " + ALIGNMENT);
        }
        if (!keys.add(key)) {
            throw new IllegalArgumentException("A second value for the key " + key);
        }
        return text(key).number(type.id, Integer.BYTES);
    }

    private void array(String key, ValueType type, int size) {
        key(key, ValueType.ARRAY).number(type.id, Integer.BYTES).number(size, Long.BYTES);
    }

    private GgufWriter text(String text) {
        text(keyValues, text);
        return this;
    }

    private GgufWriter number(long value, int bytes) {
        number(keyValues, value, bytes);
        return this;
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        number(out, utf8.length, Long.BYTES);
        out.writeBytes(utf8);
    }

    private static void number(ByteArrayOutputStream out, long value, int bytes) {
        out.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(), 0, bytes);
    }

    private static void checkRange(String key, long value, long max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException("The value " + value + " of " + key + " is not from 0 to " + max);
        }
    }

    private static void checkName(String what, String name, int maxBytes) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > maxBytes) {
            throw new IllegalArgumentException(
                    "The " + what + " '" + name + "' has " + bytes + " bytes; from 1 to " + maxBytes + " are allowed");
        }
    }

    /** Produces a tensor's bytes. */
    @FunctionalInterface
    public interface Body {

        /** Writes all of them. A single {@code write} may take fewer than it is given, as channels do. */
        void writeTo(WritableByteChannel channel) throws IOException;

        /** The bytes of a segment. */
        static Body of(MemorySegment bytes) {
            return channel -> {
                // Through a copy: a segment over float[] cannot be seen as a ByteBuffer.
                byte[] chunk = new byte[(int) Math.min(1 << 20, bytes.byteSize())];
                for (long from = 0; from < bytes.byteSize(); from += chunk.length) {
                    int length = (int) Math.min(chunk.length, bytes.byteSize() - from);
                    MemorySegment.copy(bytes, from, MemorySegment.ofArray(chunk), 0, length);
                    writeFully(channel, ByteBuffer.wrap(chunk, 0, length));
                }
            };
        }
    }
}
