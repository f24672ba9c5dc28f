package dev.sparsellm.kernels.repack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The head of a file of repacked weights: what is written, and what is believed. */
class RepackFileTest {

    private static final int FILE_SIZE = 8192;
    private static final int BODY = 50;
    private static final int PREFIX = 32;

    @TempDir
    Path folder;

    private final RepackFile head = new RepackFile(
            "m", Map.of("w", new RepackFile.Entry("w", TensorType.Q8_0, 3, 32, 4096, 4096, 77)), FILE_SIZE);

    /** A file that begins with {@link #head}, put together after the description of the format. */
    private static ByteBuffer described() {
        ByteBuffer file = ByteBuffer.allocate(FILE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        file.put("SLLMCHAN".getBytes(StandardCharsets.US_ASCII));
        file.putInt(ChannelMajor.LAYOUT_VERSION).putInt(BODY).putLong(FILE_SIZE).putLong(0);
        file.putInt(1).put((byte) 'm').putInt(1);
        file.putInt(1).put((byte) 'w').putInt(TensorType.Q8_0.id()).putInt(3).putInt(32);
        file.putLong(4096).putLong(4096).putLong(77);
        assertThat(file.position()).isEqualTo(PREFIX + BODY);
        return sealed(file.rewind());
    }

    /** With the check sum it should have. */
    private static ByteBuffer sealed(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.array(), 0, 24);
        crc.update(file.array(), PREFIX, BODY);
        return file.putLong(24, crc.getValue());
    }

    private RepackFile read(ByteBuffer bytes) throws IOException {
        Path file = Files.write(folder.resolve("file"), bytes.array());
        try (FileChannel channel = FileChannel.open(file)) {
            return RepackFile.read(channel);
        }
    }

    @Test
    void isWrittenAndReadAsDescribed() throws IOException {
        Path file = folder.resolve("written");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            head.writeHead(channel);
            RepackFile.write(channel, ByteBuffer.allocate(1), FILE_SIZE - 1);
        }
        assertThat(file).hasBinaryContent(described().array());
        assertThat(read(described())).isEqualTo(head);
    }

    @Test
    void mayEndWithTheFile() throws IOException {
        RepackFile empty = new RepackFile("m", Map.of(), PREFIX + 4 + 1 + 4);
        Path file = folder.resolve("file");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            empty.writeHead(channel);
            assertThat(RepackFile.read(channel)).isEqualTo(empty);
        }
    }

    @Test
    void isNotBelievedWhatCannotBeThoughItsCheckSumIsRight() throws IOException {
        lies("a body of less than nothing", file -> file.putInt(12, -1));
        lies("a body larger than the file", file -> file.putInt(12, FILE_SIZE - PREFIX + 1));
        lies("a fingerprint of less than nothing", file -> file.putInt(32, -1));
        lies("a fingerprint larger than the body", file -> file.putInt(32, 1 << 30));
        lies("more tensors than there are", file -> file.putInt(37, 2));
        lies("a name of less than nothing", file -> file.putInt(41, -1));
        lies("a name larger than the body", file -> file.putInt(41, BODY));
        lies("a type that is none", file -> file.putInt(46, 999));
        lies("a tensor before the file", file -> file.putLong(58, -4096));
        lies("a tensor amid a page", file -> file.putLong(58, 4000));
        lies("a tensor behind the file", file -> file.putLong(58, 8192));
        lies("a tensor far behind the file", file -> file.putLong(58, Long.MAX_VALUE - 4095));
        lies("a tensor of less than nothing", file -> file.putLong(66, -1));
        lies("a tensor larger than the file", file -> file.putLong(66, 4097));
        lies("a tensor larger than any", file -> file.putLong(66, Long.MAX_VALUE));
    }

    private void lies(String what, Consumer<ByteBuffer> lie) {
        ByteBuffer file = described();
        lie.accept(file);
        assertThatThrownBy(() -> read(sealed(file))).as(what)
                .isInstanceOf(RepackFileException.class).hasMessage("its head is damaged");
    }

    @Test
    void sumsUpAnyNumberOfBytes() {
        for (int size : new int[] {0, 1, RepackFile.CHUNK, RepackFile.CHUNK + 1, 3 * RepackFile.CHUNK - 1}) {
            byte[] bytes = new byte[size];
            new SplittableRandom(size).nextBytes(bytes);
            CRC32C crc = new CRC32C();
            crc.update(bytes);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment data = arena.allocate(size).copyFrom(MemorySegment.ofArray(bytes));
                assertThat(RepackFile.checksum(data)).as("%d bytes", size).isEqualTo(crc.getValue());
            }
        }
    }
}
