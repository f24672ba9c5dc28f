package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.ResidentPages;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a file holds: it opens, or there is a {@link GgufException}; never another error, never a crash. */
class GgufDamageTest {

    @TempDir
    Path folder;

    private byte[] smallFile() throws IOException {
        Path file = folder.resolve("small.gguf");
        new GgufWriter().string("general.architecture", "llama").uint32("llama.block_count", 2).flag("f", true)
                .float64("d", 0.5).strings("tokens", List.of("a", "bc", "")).float32s("scores", new float[] {0, -1, -2})
                .uint64s("n", new long[] {3, 4})
                .tensor("token_embd.weight", TensorType.Q8_0, List.of(32L, 3L), channel -> GgufWriter.Body
                        .of(MemorySegment.ofArray(new byte[3 * 34])).writeTo(channel))
                .tensor("norm.weight", TensorType.F32, List.of(8L),
                        GgufWriter.Body.of(MemorySegment.ofArray(new float[8])))
                .write(file);
        return Files.readAllBytes(file);
    }

    /** Opens and looks at everything; true if that succeeds. */
    private static boolean opens(Path file) {
        try (Gguf gguf = Gguf.open(file)) {
            for (String key : gguf.metadata().keys()) {
                assertThat(gguf.metadata().find(key).orElseThrow().toString()).isNotNull();
            }
            for (GgufTensor tensor : gguf.tensors()) {
                tensor.data().get(ValueLayout.JAVA_BYTE, 0);
                tensor.data().get(ValueLayout.JAVA_BYTE, tensor.data().byteSize() - 1);
            }
            ModelFingerprint.of(gguf);
            return true;
        } catch (GgufException e) {
            assertThat(e).hasMessageStartingWith("Cannot read " + file).hasMessageNotContainingAny("\n", "null");
            return false;
        }
    }

    @Test
    void cut_off_anywhere_it_is_refused() throws IOException {
        byte[] whole = smallFile();
        Path file = folder.resolve("cut.gguf");
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(opens(file)).as("cut to %d of %d bytes", length, whole.length).isFalse();
        }
        Files.write(file, whole);
        assertThat(opens(file)).isTrue();
    }

    @Test
    void with_any_bit_of_the_header_flipped_it_opens_or_is_refused() throws IOException {
        byte[] whole = smallFile();
        Path file = folder.resolve("flipped.gguf");
        int header = whole.length - 128 - 32; // tensor data with their padding
        int refused = 0;
        for (int bit = 0; bit < header * 8; bit++) {
            whole[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, whole);
            refused += opens(file) ? 0 : 1;
            whole[bit / 8] ^= (byte) (1 << bit % 8);
        }
        assertThat(refused).isBetween(header * 2, header * 8 - 100);
    }

    @Test
    void with_any_four_bytes_of_the_header_all_ones_it_opens_or_is_refused() throws IOException {
        byte[] whole = smallFile();
        Path file = folder.resolve("ones.gguf");
        int refused = 0;
        for (int at = 0; at < whole.length - 4; at++) {
            byte[] damaged = whole.clone();
            Arrays.fill(damaged, at, at + 4, (byte) 0xFF);
            Files.write(file, damaged);
            refused += opens(file) ? 0 : 1;
        }
        assertThat(refused).isGreaterThan(100);
    }

    private AbstractThrowableAssert<?, ?> refusal(RawGguf raw) throws IOException {
        Path file = raw.write(folder.resolve("bad.gguf"));
        return assertThatThrownBy(() -> Gguf.open(file).close())
                .isInstanceOf(GgufException.class).hasMessageContaining(file.toString());
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 60, Long.MAX_VALUE, -1, Long.MIN_VALUE, 1L << 31, 1L << 32, 1000})
    void absurd_counts_are_refused_before_anything_is_allocated(long count) throws IOException {
        String shown = Long.toUnsignedString(count);
        refusal(RawGguf.header(3, count, 0)).hasMessageContainingAll(shown, "tensors");
        refusal(RawGguf.header(3, 0, count)).hasMessageContainingAll(shown, "metadata keys");
        refusal(RawGguf.header(3, 0, 1).u64(count).zeros(8)).hasMessageContainingAll(shown, "key 1 of 1", "byte 24");
        refusal(RawGguf.header(3, 0, 1).key("k", 8).u64(count).zeros(8)).hasMessageContainingAll(shown, "'k'");
        for (int type = 0; type <= 12; type++) {
            refusal(RawGguf.header(3, 0, 1).array("k", type, count).zeros(64)).hasMessageContainingAll(shown, "'k'");
        }
        refusal(RawGguf.header(3, 0, 1).array("k", 8, 1).u64(count).zeros(8)).hasMessageContaining(shown);
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 0, count).zeros(99)).hasMessageContaining("'t'");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 0, 1, count).zeros(99)).hasMessageContaining("'t'");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 0, 1 << 20, 1 << 20, 1 << 20, count).zeros(99))
                .hasMessageContaining("'t'");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, count & -32L, 4).zeros(99)).hasMessageContaining("'t'");
    }

    @Test
    void many_keys_tensors_or_inner_arrays_are_refused_even_if_they_fit() throws IOException {
        RawGguf keys = RawGguf.header(3, 0, 65537).zeros(65537 * 14);
        refusal(keys).hasMessageContaining("65537 metadata keys");
        RawGguf arrays = RawGguf.header(3, 0, 1).array("k", 9, 70000).zeros(70000 * 12);
        refusal(arrays).hasMessageContaining("arrays within arrays");
        RawGguf deep = RawGguf.header(3, 0, 1).key("k", 9);
        for (int i = 0; i < 1000; i++) {
            deep.u32(9).u64(1);
        }
        refusal(deep).hasMessageContaining("nested");
    }

    @Test
    void a_header_that_makes_no_sense_is_refused() throws IOException {
        refusal(RawGguf.header(1, 0, 0)).hasMessageContaining("version 1");
        refusal(RawGguf.header(4, 0, 0)).hasMessageContaining("version 4");
        refusal(RawGguf.header(0, 0, 0)).hasMessageContaining("version 0");
        refusal(RawGguf.header(1 << 24, 0, 0)).hasMessageContaining("big-endian");
        refusal(RawGguf.header(255 << 24, 0, 0)).hasMessageContaining("big-endian");
        refusal(RawGguf.header(1 << 16, 0, 0)).hasMessageContaining("version 65536");
        refusal(RawGguf.header(3, 0, 1).key("k", 13).zeros(64)).hasMessageContainingAll("'k'", "13");
        refusal(RawGguf.header(3, 0, 1).key("k", 7).u8(2)).hasMessageContainingAll("'k'", "neither 0 nor 1");
        refusal(RawGguf.header(3, 0, 1).array("k", 7, 1).u8(200)).hasMessageContaining("value 200, neither 0 nor 1");
        refusal(RawGguf.header(3, 0, 1).key("", 7).u8(1).u8(1)).hasMessageContaining("empty key");
        refusal(RawGguf.header(3, 0, 2).key("k", 0).u8(1).key("k", 0).u8(2).zeros(20))
                .hasMessageContainingAll("'k'", "twice");
        for (long alignment : new long[] {0, 1, 4, 12, 33, 1L << 31}) {
            refusal(RawGguf.header(3, 0, 1).key("general.alignment", 4).u32(alignment))
                    .hasMessageContainingAll("general.alignment", "power of two");
        }
        refusal(RawGguf.header(3, 0, 1).key("general.alignment", 8).text("x\ny")).hasMessageContaining("x?y");
    }

    @Test
    void a_tensor_table_that_makes_no_sense_is_refused() throws IOException {
        refusal(RawGguf.header(3, 2, 0).tensor("t", 0, 0, 8).tensor("t", 0, 32, 8).pad(32).zeros(64))
                .hasMessageContaining("second tensor 't'");
        refusal(RawGguf.header(3, 2, 0).tensor("a", 0, 0, 16).tensor("b", 0, 32, 8).pad(32).zeros(64))
                .hasMessageContainingAll("'a'", "'b'", "overlap");
        refusal(RawGguf.header(3, 2, 0).tensor("a", 0, 0, 8).tensor("b", 0, 0, 8).pad(32).zeros(64))
                .hasMessageContaining("overlap");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 16, 8).pad(32).zeros(64)).hasMessageContaining("alignment 32");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 0).pad(32).zeros(64)).hasMessageContaining("0 dimensions");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 0, 1, 1, 1, 1, 1).zeros(64))
                .hasMessageContaining("5 dimensions");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 0, 0).pad(32).zeros(64)).hasMessageContaining("dimension of 0");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 2, 0, 31).pad(32).zeros(64)).hasMessageContaining("Q4_0");
        refusal(RawGguf.header(3, 2, 0).tensor("a", 0, 0, 8).u64(1000).zeros(99))
                .hasMessageContainingAll("tensor 2, at byte 57", "only 99 bytes follow");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, 0, 1)).hasMessageContainingAll("truncated", "has 57 bytes");
        refusal(RawGguf.header(3, 1, 0).tensor("t", 0, Long.MAX_VALUE - 31, 1L << 60)).hasMessageContaining("truncated");
        RawGguf cut = RawGguf.header(3, 1, 0).tensor("t", 0, 32, 8, 2).pad(32);
        int start = cut.size() + 32;
        refusal(cut.zeros(95)).hasMessageContainingAll(
                "truncated", "'t'", "64 bytes", "byte " + start, "has " + (start + 63) + " bytes");
    }

    @Test
    void a_name_is_quoted_up_to_its_eightieth_character() throws IOException {
        String longest = "k".repeat(80);
        refusal(RawGguf.header(3, 0, 1).key(longest, 13)).hasMessageContaining("'" + longest + "'");
        refusal(RawGguf.header(3, 0, 1).key(longest + "k", 13)).hasMessageContaining("'" + longest + "…'");
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/maps")
    void a_file_that_is_refused_is_not_kept() throws IOException {
        refusal(RawGguf.header(3, 0, 1));
        assertThat(ResidentPages.mappings(folder.resolve("bad.gguf"))).isZero();
        try (Gguf gguf = Gguf.open(RawGguf.header(3, 0, 0).write(folder.resolve("good.gguf")))) {
            assertThat(ResidentPages.mappings(gguf.file())).isOne();
        }
    }

    @Test
    void an_unsupported_tensor_type_is_named_as_ggml_names_it() throws IOException {
        for (var type : List.of(Map.entry(16, "IQ2_XXS"), Map.entry(34, "TQ1_0"),
                Map.entry(39, "MXFP4"), Map.entry(4, "Q4_2"), Map.entry(77, "number 77"),
                Map.entry(-1, "number 4294967295"))) {
            refusal(RawGguf.header(3, 1, 0).tensor("blk.0.ffn_up.weight", type.getKey(), 0, 256).pad(32).zeros(512))
                    .hasMessageContainingAll("blk.0.ffn_up.weight", type.getValue(), "Q4_K, Q5_K, Q6_K");
        }
    }

    @Test
    void what_is_no_gguf_file_is_named_by_its_looks() throws IOException {
        looksLike("{\"a\": 1}", "JSON");
        looksLike("  <!DOCTYPE html><html>", "web page");
        looksLike("version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull");
        looksLike("\u0040\0\0\0\0\0\0\0{\"__metadata__\":{}}", "safetensors");
        looksLike("PK\u0003\u0004archive", "zip");
        looksLike("tjgg\u0003\0\0\0", "GGML");
        looksLike("\u001f\u008b\u0008", "3 bytes");
        looksLike("\u001f\u008b\u0008\0", "compressed");
        looksLike("\0".repeat(100), "zeros");
        looksLike("\u0040\0\0\0\0\0\0\0{", "safetensors");
        looksLike("\u0040\0\0\0\0\0\0\0", "the bytes 40 00 00 00 instead");
        looksLike("some text", "the bytes 73 6f 6d 65 instead");
        looksLike("", "empty");
        looksLike("GGUF", "ends here, 4 bytes are missing");
        looksLike("GGUF\u0003\0", "ends here, 2 bytes are missing");
    }

    private void looksLike(String content, String message) throws IOException {
        Path file = Files.write(folder.resolve("other"), content.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Gguf.open(file).close()).isInstanceOf(GgufException.class)
                .hasMessageContainingAll(file.toString(), message);
    }

    @Test
    void what_cannot_be_read_is_refused() throws IOException {
        assertThatThrownBy(() -> Gguf.open(folder.resolve("none.gguf")).close()).isInstanceOf(GgufException.class)
                .hasMessageContainingAll("none.gguf", "no such file");
        assertThatThrownBy(() -> Gguf.open(folder).close()).isInstanceOf(GgufException.class)
                .hasMessageContaining("folder");
        Path secret = Files.write(folder.resolve("secret.gguf"), smallFile());
        Assumptions.assumeThat(folder.getFileSystem().supportedFileAttributeViews()).contains("posix");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
        Assumptions.assumeThat(Files.isReadable(secret)).as("this user may read everything").isFalse();
        assertThatThrownBy(() -> Gguf.open(secret).close()).isInstanceOf(GgufException.class)
                .hasMessageContaining("permission denied");
    }
}
