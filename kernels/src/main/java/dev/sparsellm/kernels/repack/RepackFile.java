package dev.sparsellm.kernels.repack;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * What stands at the head of a file of repacked weights. Little-endian:
 *
 * <pre>
 * magic "SLLMCHAN" | u32 layout version | u32 bytes of the body | u64 bytes of the file | u64 CRC-32C of all the rest
 * body: fingerprint | u32 tensors | name, u32 type, u32 rows, u32 columns, u64 offset, u64 size, u64 CRC-32C, each
 * </pre>
 *
 * Strings are a u32 of bytes and UTF-8. Tensors begin at multiples of 4096 bytes.
 *
 * @param fingerprint of the model
 * @param entries tensors by name, in the file's order
 * @param fileSize bytes
 */
record RepackFile(String fingerprint, Map<String, Entry> entries, long fileSize) {

    /** Bytes of weights looked at in one go, where all of them may be more than a {@code ByteBuffer} holds. */
    static final int CHUNK = 1 << 20;

    private static final byte[] MAGIC = "SLLMCHAN".getBytes(StandardCharsets.US_ASCII);
    private static final int PREFIX = 32;
    private static final int CHECKSUM_AT = 24;
    private static final int MAX_BODY = 1 << 26;
    static final long PAGE = 4096;

    /** A tensor in the file. */
    record Entry(String name, TensorType type, int rows, int columns, long offset, long size, long checksum) {

        Entry withChecksum(long value) {
            return new Entry(name, type, rows, columns, offset, size, value);
        }

        boolean describes(Tensor tensor) {
            return type == tensor.type()
                    && rows == tensor.rows()
                    && columns == tensor.columns()
                    && size == ChannelMajor.byteSize(tensor);
        }
    }

    /** A plan for a file of these tensors, checksums still missing. */
    static RepackFile plan(String fingerprint, List<Tensor> tensors) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (Tensor t : tensors) {
            entries.put(t.name(), new Entry(
                    t.name(), t.type(), t.rows(), t.columns(), 0, ChannelMajor.byteSize(t), 0));
        }
        long at = pages(PREFIX + body(fingerprint, entries.values()).length);
        for (Entry e : List.copyOf(entries.values())) {
            entries.put(e.name(), new Entry(e.name(), e.type(), e.rows(), e.columns(), at, e.size(), 0));
            at += pages(e.size());
        }
        return new RepackFile(fingerprint, entries, at);
    }

    private static long pages(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    /**
     * Reads and checks the head of a file.
     *
     * @throws RepackFileException if it is not one of this layout, is damaged or cut short: the message says which
     */
    static RepackFile read(FileChannel channel) throws IOException {
        ByteBuffer prefix = fully(channel, 0, PREFIX);
        byte[] magic = new byte[MAGIC.length];
        prefix.get(magic);
        int version = prefix.getInt();
        int bodyBytes = prefix.getInt();
        long fileSize = prefix.getLong();
        long checksum = prefix.getLong();
        if (!Arrays.equals(magic, MAGIC)) {
            throw new RepackFileException("it is a file of another kind");
        }
        if (version != ChannelMajor.LAYOUT_VERSION) {
            throw new RepackFileException("it has layout " + version + ", not " + ChannelMajor.LAYOUT_VERSION);
        }
        if (fileSize != channel.size()) {
            throw new RepackFileException("it has " + channel.size() + " bytes of " + fileSize);
        }
        try {
            Objects.checkFromIndexSize(PREFIX, bodyBytes, Math.min(PREFIX + MAX_BODY, fileSize));
            ByteBuffer body = fully(channel, PREFIX, bodyBytes);
            if (headChecksum(prefix, body) != checksum) {
                throw damaged();
            }
            return new RepackFile(string(body), entries(body, fileSize), fileSize);
        } catch (IndexOutOfBoundsException | BufferUnderflowException e) {
            throw damaged();
        }
    }

    private static RepackFileException damaged() {
        return new RepackFileException("its head is damaged");
    }

    /** Checks all of it, as if the check sum were wrong: whoever can write to the cache can compute that, too. */
    private static Map<String, Entry> entries(ByteBuffer body, long fileSize) throws RepackFileException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (int i = body.getInt(); i > 0; i--) {
            String name = string(body);
            TensorType type = type(body.getInt());
            Entry entry = new Entry(
                    name, type, body.getInt(), body.getInt(), body.getLong(), body.getLong(), body.getLong());
            Objects.checkFromIndexSize(entry.offset, entry.size, fileSize);
            if (entry.offset % PAGE != 0) {
                throw damaged();
            }
            entries.put(name, entry);
        }
        return entries;
    }

    private static TensorType type(int id) throws RepackFileException {
        return Arrays.stream(TensorType.values()).filter(t -> t.id() == id).findAny().orElseThrow(RepackFile::damaged);
    }

    /** Writes the head; the tensors' bytes are in place already. */
    void writeHead(FileChannel channel) throws IOException {
        ByteBuffer body = ByteBuffer.wrap(body(fingerprint, entries.values())).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer prefix = ByteBuffer.allocate(PREFIX).order(ByteOrder.LITTLE_ENDIAN);
        prefix.put(MAGIC).putInt(ChannelMajor.LAYOUT_VERSION).putInt(body.capacity()).putLong(fileSize);
        prefix.putLong(headChecksum(prefix, body));
        write(channel, prefix.flip(), 0);
        write(channel, body, PREFIX);
    }

    private static long headChecksum(ByteBuffer prefix, ByteBuffer body) {
        CRC32C crc = new CRC32C();
        crc.update(prefix.duplicate().position(0).limit(CHECKSUM_AT));
        crc.update(body.duplicate().position(0));
        return crc.getValue();
    }

    private static byte[] body(String fingerprint, Iterable<Entry> entries) {
        List<Entry> all = new ArrayList<>();
        entries.forEach(all::add);
        int bytes = 8 + bytes(fingerprint).length
                + all.stream().mapToInt(e -> 40 + bytes(e.name()).length).sum();
        ByteBuffer body = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        putString(body, fingerprint);
        body.putInt(all.size());
        for (Entry e : all) {
            putString(body, e.name());
            body.putInt(e.type().id()).putInt(e.rows()).putInt(e.columns());
            body.putLong(e.offset()).putLong(e.size()).putLong(e.checksum());
        }
        return body.array();
    }

    private static byte[] bytes(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    private static void putString(ByteBuffer out, String s) {
        out.putInt(bytes(s).length).put(bytes(s));
    }

    private static String string(ByteBuffer in) {
        int length = in.getInt();
        Objects.checkFromIndexSize(in.position(), length, in.limit());
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static ByteBuffer fully(FileChannel channel, long at, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw new RepackFileException("it ends after " + channel.size() + " bytes");
            }
        }
        return buffer.flip();
    }

    static void write(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
        channel.position(at);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** CRC-32C of any number of bytes. */
    static long checksum(MemorySegment data) {
        CRC32C crc = new CRC32C();
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            crc.update(data.asSlice(at, Math.min(CHUNK, data.byteSize() - at)).asByteBuffer());
        }
        return crc.getValue();
    }
}
