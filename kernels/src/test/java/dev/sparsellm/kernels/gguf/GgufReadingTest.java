package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufReadingTest {

    @TempDir
    Path folder;

    @Test
    void reads_every_type_of_value() throws IOException {
        Path file = RawGguf.header(3, 0, 13)
                .key("u8", 0).u8(255)
                .key("i8", 1).u8(-128)
                .key("u16", 2).u16(65535)
                .key("i16", 3).u16(-32768)
                .key("u32", 4).u32(0xFFFF_FFFFL)
                .key("i32", 5).u32(Integer.MIN_VALUE)
                .key("f32", 6).f32(0.1f)
                .key("yes", 7).u8(1)
                .key("no", 7).u8(0)
                .key("text", 8).text("Grüße 🙂")
                .key("u64", 10).u64(Long.MAX_VALUE)
                .key("i64", 11).u64(Long.MIN_VALUE)
                .key("f64", 12).f64(Math.PI)
                .write(folder.resolve("a.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            GgufMetadata metadata = gguf.metadata();
            assertThat(metadata.keys()).containsExactly(
                    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "yes", "no", "text", "u64", "i64", "f64");
            assertThat(metadata.find("u8")).contains(255L);
            assertThat(metadata.find("i8")).contains(-128L);
            assertThat(metadata.find("u16")).contains(65535L);
            assertThat(metadata.find("i16")).contains(-32768L);
            assertThat(metadata.find("u32")).contains(4294967295L);
            assertThat(metadata.integer("i32")).contains(Integer.MIN_VALUE);
            assertThat(metadata.real("f32")).contains((double) 0.1f);
            assertThat(metadata.flag("yes")).contains(true);
            assertThat(metadata.flag("no")).contains(false);
            assertThat(metadata.string("text")).contains("Grüße 🙂");
            assertThat(metadata.find("u64")).contains(Long.MAX_VALUE);
            assertThat(metadata.find("i64")).contains(Long.MIN_VALUE);
            assertThat(metadata.requireReal("f64")).isEqualTo(Math.PI);
            assertThat(metadata.find("other")).isEmpty();
            assertThat(metadata.integers("other")).isEmpty();
        }
    }

    @Test
    void reads_every_type_of_array() throws IOException {
        Path file = RawGguf.header(2, 0, 13)
                .array("u8", 0, 2).u8(0).u8(255)
                .array("i8", 1, 2).u8(127).u8(-1)
                .array("u16", 2, 1).u16(65535)
                .array("i16", 3, 1).u16(-2)
                .array("u32", 4, 2).u32(7).u32(0xFFFF_FFFFL)
                .array("i32", 5, 2).u32(-7).u32(7)
                .array("f32", 6, 2).f32(0.5f).f32(Float.NEGATIVE_INFINITY)
                .array("flags", 7, 3).u8(1).u8(0).u8(1)
                .array("texts", 8, 3).text("").text("ö").text("long enough")
                .array("nested", 9, 2).u32(5).u64(1).u32(42).u32(8).u64(1).text("inner")
                .array("u64", 10, 1).u64(-1)
                .array("f64", 12, 1).f64(1e300)
                .array("empty", 6, 0)
                .write(folder.resolve("a.gguf"));
        GgufMetadata metadata;
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.version()).isEqualTo(2);
            metadata = gguf.metadata();
        } // what follows shows that metadata outlive the file
        assertThat(metadata.integers("u8")).hasValue(new int[] {0, 255});
        assertThat(metadata.integers("i8")).hasValue(new int[] {127, -1});
        assertThat(metadata.integers("u16")).hasValue(new int[] {65535});
        assertThat(metadata.integers("i16")).hasValue(new int[] {-2});
        assertThat(metadata.longs("u32")).hasValue(new long[] {7, 4294967295L});
        assertThat(metadata.integers("i32")).hasValue(new int[] {-7, 7});
        assertThat(metadata.reals("f32")).hasValue(new float[] {0.5f, Float.NEGATIVE_INFINITY});
        assertThat(metadata.reals("i32")).hasValue(new float[] {-7, 7});
        assertThat(metadata.find("flags")).contains(List.of(true, false, true));
        assertThat(metadata.strings("texts")).contains(List.of("", "ö", "long enough"));
        assertThat(metadata.find("nested")).contains(List.of(List.of(42L), List.of("inner")));
        assertThat(metadata.longs("u64")).hasValue(new long[] {-1});
        assertThat(metadata.doubles("f64")).hasValue(new double[] {1e300});
        assertThat(metadata.strings("empty")).contains(List.of());
        assertThat(metadata.integers("empty")).hasValue(new int[0]);
        assertThatThrownBy(() -> metadata.integers("u32")).isInstanceOf(GgufException.class)
                .hasMessageContainingAll(file.toString(), "u32", "4294967295", "index 1");
    }

    @Test
    void finds_tensors_where_the_table_says() throws IOException {
        RawGguf raw = RawGguf.header(3, 2, 1).key("general.alignment", 4).u32(64)
                .tensor("second", 0, 128, 3, 2)
                .tensor("first", 2, 0, 32) // after "second" in the table, before it among the data, with a gap between
                .pad(64);
        int dataStart = raw.size();
        raw.u16(0x3C00).zeros(16).pad(64).zeros(64);
        assertThat(raw.size()).isEqualTo(dataStart + 128);
        for (int i = 0; i < 6; i++) {
            raw.f32(i + 0.5f);
        }
        try (Gguf gguf = Gguf.open(raw.write(folder.resolve("a.gguf")))) {
            assertThat(gguf.tensors()).extracting(GgufTensor::name).containsExactly("second", "first");
            GgufTensor second = gguf.tensor("second").orElseThrow();
            assertThat(second.dimensions()).containsExactly(3L, 2L);
            assertThat(second.matrix().rows()).isEqualTo(2);
            assertThat(second.matrix().columns()).isEqualTo(3);
            assertThat(second.data().toArray(ValueLayout.JAVA_FLOAT))
                    .containsExactly(0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f);
            GgufTensor first = gguf.tensor("first").orElseThrow();
            assertThat(first.type()).isEqualTo(TensorType.Q4_0);
            assertThat(first.data().byteSize()).isEqualTo(18);
            assertThat(first.data().isReadOnly()).isTrue();
            assertThat(gguf.tensor("third")).isEmpty();
        }
    }

    @Test
    void a_file_beyond_two_gigabytes_can_be_read() throws IOException {
        Path file = folder.resolve("big.gguf");
        RawGguf raw = RawGguf.header(3, 2, 0)
                .tensor("big", 0, 0, 1024, 786432) // 3 GiB, which the file system keeps as a hole
                .tensor("small", 0, 3L << 30, 1)
                .pad(32);
        raw.write(file);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(raw.size() + (3L << 30) + 4);
            access.seek(raw.size() + (3L << 30) - 4);
            access.write(new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40}); // 1f and 2f, little-endian
        }
        try (Gguf gguf = Gguf.open(file)) {
            GgufTensor big = gguf.tensor("big").orElseThrow();
            assertThat(big.matrix().rows()).isEqualTo(786432);
            assertThat(big.data().get(ValueLayout.JAVA_FLOAT, (3L << 30) - 4)).isEqualTo(1f);
            assertThat(gguf.tensor("small").orElseThrow().data().get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(2f);
        }
    }

    @Test
    void a_matrix_has_as_many_columns_as_an_int_counts() throws IOException {
        Path file = folder.resolve("wide.gguf");
        RawGguf raw = RawGguf.header(3, 2, 0)
                .tensor("widest", 1, 0, Integer.MAX_VALUE)
                .tensor("wider", 2, 1L << 32, 1L << 31)
                .pad(32);
        raw.write(file);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(raw.size() + (1L << 32) + (1L << 31) / 32 * 18); // a hole, too
        }
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.tensor("widest").orElseThrow().matrix().columns()).isEqualTo(Integer.MAX_VALUE);
            GgufTensor wider = gguf.tensor("wider").orElseThrow();
            assertThatThrownBy(wider::matrix).isInstanceOf(GgufException.class)
                    .hasMessageContainingAll("wider", "2147483648", "no matrix");
        }
    }

    @Test
    void a_value_of_another_type_is_an_error_that_says_what_is_there() throws IOException {
        Path file = RawGguf.header(3, 0, 4)
                .key("text", 8).text("a\nb")
                .key("number", 10).u64(1L << 40)
                .array("texts", 8, 1).text("x")
                .array("floats", 6, 1).f32(1)
                .write(folder.resolve("a.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            GgufMetadata metadata = gguf.metadata();
            assertThatThrownBy(() -> metadata.integer("text")).isInstanceOf(GgufException.class)
                    .hasMessageContainingAll(file.toString(), "metadata key text", "whole number", "the text 'a?b'");
            assertThatThrownBy(() -> metadata.integer("number")).isInstanceOf(GgufException.class)
                    .hasMessageContaining("1099511627776");
            assertThatThrownBy(() -> metadata.string("number")).isInstanceOf(GgufException.class);
            assertThatThrownBy(() -> metadata.flag("number")).isInstanceOf(GgufException.class);
            assertThatThrownBy(() -> metadata.real("texts")).isInstanceOf(GgufException.class)
                    .hasMessageContaining("a list of 1 texts");
            assertThatThrownBy(() -> metadata.strings("floats")).isInstanceOf(GgufException.class)
                    .hasMessageContaining("FLOAT32");
            assertThatThrownBy(() -> metadata.integers("floats")).isInstanceOf(GgufException.class);
            assertThatThrownBy(() -> metadata.requireInteger("number", 1, 10)).isInstanceOf(GgufException.class)
                    .hasMessageContaining("from 1 to 10");
            assertThatThrownBy(() -> metadata.requireString("none")).isInstanceOf(GgufException.class)
                    .hasMessageContainingAll("none", "is missing");
            assertThatThrownBy(() -> metadata.requireReal("none")).isInstanceOf(GgufException.class);
            assertThatThrownBy(() -> metadata.requireInteger("none", 0, 1)).isInstanceOf(GgufException.class);
        }
    }

    @Test
    void closing_twice_does_nothing_and_tensors_are_gone_for_good() throws IOException {
        Path file = RawGguf.header(3, 1, 0).tensor("t", 0, 0, 1).pad(32).f32(1).write(folder.resolve("a.gguf"));
        Gguf gguf = Gguf.open(file);
        GgufTensor tensor = gguf.tensor("t").orElseThrow();
        gguf.close();
        gguf.close();
        assertThatThrownBy(() -> tensor.data().get(ValueLayout.JAVA_FLOAT, 0))
                .isInstanceOf(IllegalStateException.class);
    }
}
