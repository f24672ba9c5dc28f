package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {

    @TempDir
    Path folder;

    private static GgufWriter everything() {
        byte[] q8 = new byte[2 * 34];
        for (int i = 0; i < q8.length; i++) {
            q8[i] = (byte) i;
        }
        return new GgufWriter()
                .string("general.architecture", "llama")
                .uint16("u16", 65535)
                .uint32("u32", 4294967295L)
                .uint64("u64", Long.MAX_VALUE)
                .int32("i32", -5)
                .int64("i64", Long.MIN_VALUE)
                .float32("f32", 1e-5f)
                .float64("f64", Math.E)
                .flag("flag", true)
                .strings("strings", List.of("", "▁the", "🙂"))
                .int32s("int32s", new int[] {-1, 0, 1})
                .uint64s("uint64s", new long[] {1, -1})
                .float32s("float32s", new float[] {0.25f, Float.MAX_VALUE})
                .float64s("float64s", new double[] {0.1, -0.0})
                .tensor("q8", TensorType.Q8_0, List.of(64L), GgufWriter.Body.of(MemorySegment.ofArray(q8)))
                .tensor("f32", TensorType.F32, List.of(1L, 3L),
                        GgufWriter.Body.of(MemorySegment.ofArray(new float[] {1, 2, 3})));
    }

    @Test
    void what_is_written_is_read_back() throws IOException {
        Path file = folder.resolve("a.gguf");
        everything().write(file);
        try (Gguf gguf = Gguf.open(file)) {
            GgufMetadata metadata = gguf.metadata();
            assertThat(gguf.version()).isEqualTo(3);
            assertThat(metadata.requireString("general.architecture")).isEqualTo("llama");
            assertThat(metadata.find("u16")).contains(65535L);
            assertThat(metadata.find("u32")).contains(4294967295L);
            assertThat(metadata.find("u64")).contains(Long.MAX_VALUE);
            assertThat(metadata.find("i32")).contains(-5L);
            assertThat(metadata.find("i64")).contains(Long.MIN_VALUE);
            assertThat(metadata.find("f32")).contains((double) 1e-5f);
            assertThat(metadata.find("f64")).contains(Math.E);
            assertThat(metadata.flag("flag")).contains(true);
            assertThat(metadata.strings("strings")).contains(List.of("", "▁the", "🙂"));
            assertThat(metadata.integers("int32s")).hasValue(new int[] {-1, 0, 1});
            assertThat(metadata.longs("uint64s")).hasValue(new long[] {1, -1});
            assertThat(metadata.reals("float32s")).hasValue(new float[] {0.25f, Float.MAX_VALUE});
            assertThat(metadata.doubles("float64s")).hasValue(new double[] {0.1, -0.0});
            assertThat(gguf.tensors()).extracting(GgufTensor::name).containsExactly("q8", "f32");
            byte[] q8 = gguf.tensor("q8").orElseThrow().data().toArray(ValueLayout.JAVA_BYTE);
            assertThat(q8).hasSize(68).startsWith(0, 1, 2).endsWith(66, 67);
            GgufTensor f32 = gguf.tensor("f32").orElseThrow();
            assertThat(f32.dimensions()).containsExactly(1L, 3L);
            assertThat(f32.data().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(1, 2, 3);
            assertThat(f32.data().address() % 32).isZero();
        }
        assertThat(Files.size(file) % 32).isZero();
    }

    @Test
    void the_same_calls_write_the_same_bytes() throws IOException {
        everything().write(folder.resolve("a.gguf"));
        everything().write(folder.resolve("b.gguf"));
        assertThat(folder.resolve("a.gguf")).hasSameBinaryContentAs(folder.resolve("b.gguf"));
    }

    @Test
    void writes_the_bytes_the_specification_asks_for() throws IOException {
        Path file = folder.resolve("a.gguf");
        new GgufWriter().string("k", "v").int32s("n", new int[] {7})
                .tensor("t", TensorType.F32, List.of(2L), GgufWriter.Body.of(MemorySegment.ofArray(new float[] {1, 2})))
                .write(file);
        RawGguf expected = RawGguf.header(3, 1, 2).key("k", 8).text("v").array("n", 5, 1).u32(7)
                .tensor("t", 0, 0, 2).pad(32).f32(1).f32(2).pad(32);
        assertThat(file).hasBinaryContent(expected.bytes());
    }

    @Test
    void a_failed_write_leaves_the_old_file_and_nothing_else() throws IOException {
        Path file = Files.writeString(folder.resolve("a.gguf"), "old");
        GgufWriter failing = everything().tensor("last", TensorType.F32, List.of(1L), channel -> {
            throw new IOException("disk full");
        });
        assertThatThrownBy(() -> failing.write(file)).isInstanceOf(IOException.class).hasMessage("disk full");
        assertThat(file).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
        everything().write(file);
        Gguf.open(file).close();
    }

    @Test
    void a_body_of_the_wrong_size_is_refused() {
        Path file = folder.resolve("a.gguf");
        GgufWriter shorter = new GgufWriter().tensor("t", TensorType.F32, List.of(2L),
                channel -> channel.write(ByteBuffer.allocate(7)));
        assertThatIllegalStateException().isThrownBy(() -> shorter.write(file)).withMessageContainingAll("t", "8", "7");
        GgufWriter longer = new GgufWriter().tensor("t", TensorType.F32, List.of(2L),
                channel -> channel.write(ByteBuffer.allocate(9)));
        assertThatIllegalStateException().isThrownBy(() -> longer.write(file)).withMessageContaining("more");
        GgufWriter another = new GgufWriter().tensor("t", TensorType.F32, List.of(2L), channel -> {
            channel.write(ByteBuffer.allocate(5));
            channel.write(ByteBuffer.allocate(5));
        });
        assertThatIllegalStateException().isThrownBy(() -> another.write(file)).withMessageContaining("more");
        GgufWriter nothing = new GgufWriter().tensor("t", TensorType.F32, List.of(2L),
                GgufWriter.Body.of(MemorySegment.ofArray(new float[0])));
        assertThatIllegalStateException().isThrownBy(() -> nothing.write(file)).withMessageContaining("wrote 0");
        assertThat(file).doesNotExist();
    }

    @Test
    void a_tensor_of_more_than_a_mebibyte_is_written_whole() throws IOException {
        float[] weights = new float[(1 << 18) + 5];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i;
        }
        Path file = folder.resolve("a.gguf");
        new GgufWriter().tensor("t", TensorType.F32, List.of((long) weights.length),
                GgufWriter.Body.of(MemorySegment.ofArray(weights))).write(file);
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.tensor("t").orElseThrow().data().toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(weights);
        }
    }

    @Test
    void a_body_may_copy_from_another_file_and_its_channel_is_closed_with_the_file() throws IOException {
        Path source = Files.write(folder.resolve("source"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        List<WritableByteChannel> kept = new ArrayList<>();
        Path file = folder.resolve("a.gguf");
        new GgufWriter().tensor("t", TensorType.F32, List.of(2L), channel -> {
            kept.add(channel);
            try (FileChannel in = FileChannel.open(source)) {
                assertThat(in.transferTo(0, 8, channel)).isEqualTo(8);
            }
        }).write(file);
        assertThat(kept).singleElement().extracting(WritableByteChannel::isOpen).isEqualTo(false);
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.tensor("t").orElseThrow().data().toArray(ValueLayout.JAVA_BYTE))
                    .containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        }
    }

    @Test
    void what_is_as_long_as_other_readers_allow_is_written() throws IOException {
        String key = "k".repeat(65535);
        String name = "n".repeat(63);
        Path file = folder.resolve("a.gguf");
        new GgufWriter().int32(key, 7).tensor(name, TensorType.F32, List.of(1L, 2L, 1L, 1L),
                GgufWriter.Body.of(MemorySegment.ofArray(new float[2]))).write(file);
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.metadata().find(key)).contains(7L);
            assertThat(gguf.tensor(name).orElseThrow().dimensions()).containsExactly(1L, 2L, 1L, 1L);
        }
    }

    @Test
    void what_killed_processes_left_is_removed_after_a_while() throws IOException {
        Path leftOver = old(".a.gguf.1.tmp");
        Path inUse = Files.writeString(folder.resolve(".a.gguf.2.tmp"), "half");
        Path others = old(".b.gguf.3.tmp");
        Path backup = old(".a.gguf.bak");
        Path file = folder.resolve("a.gguf");
        everything().write(file);
        assertThat(leftOver).doesNotExist();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(inUse, others, backup, file);
        }
    }

    private Path old(String name) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "half");
        return Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(11 * 60)));
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no signal that a JVM could answer")
    void a_process_that_is_interrupted_leaves_nothing() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp", System.getProperty("java.class.path"),
                        WritingProcess.class.getName(), folder.resolve("a.gguf").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("half written");
            try (Stream<Path> files = Files.list(folder)) {
                assertThat(files).hasSize(1);
            }
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void what_other_readers_would_refuse_is_refused() {
        GgufWriter writer = everything();
        GgufWriter.Body none = channel -> {};
        assertThatIllegalArgumentException().isThrownBy(() -> writer.uint32("u32", 1)).withMessageContaining("u32");
        assertThatIllegalArgumentException().isThrownBy(() -> writer.uint32("new", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.uint16("new", 65536));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.string("", "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.string("k".repeat(65536), "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.uint32("general.alignment", 64));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.tensor("q8", TensorType.F32, List.of(1L), none));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("n".repeat(64), TensorType.F32, List.of(1L), none));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.tensor("n", TensorType.F32, List.of(), none));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.tensor("n", TensorType.F32, List.of(0L), none));
        assertThatIllegalArgumentException().isThrownBy(() -> writer.tensor("n", TensorType.Q4_K, List.of(128L), none));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> writer.tensor("n", TensorType.F32, List.of(1L, 1L, 1L, 1L, 1L), none));
    }
}
