package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a header may have at most opens; one more is refused. */
class GgufLimitsTest {

    @TempDir
    Path folder;

    private Gguf open(RawGguf raw) throws IOException {
        return Gguf.open(raw.write(folder.resolve("a.gguf")));
    }

    private void refused(RawGguf raw, String... messages) {
        assertThatThrownBy(() -> open(raw).close()).isInstanceOf(GgufException.class)
                .hasMessageContainingAll(messages);
    }

    @Test
    void keys_and_names_of_65535_bytes() throws IOException {
        String longest = "k".repeat(65535);
        RawGguf raw = RawGguf.header(3, 1, 1).key(longest, 0).u8(7).tensor(longest, 0, 0, 1).pad(32).f32(1);
        try (Gguf gguf = open(raw)) {
            assertThat(gguf.metadata().find(longest)).contains(7L);
            assertThat(gguf.tensor(longest)).isPresent();
        }
        refused(RawGguf.header(3, 0, 1).key(longest + "k", 0).u8(7), "65536 bytes", "at most 65535");
        refused(RawGguf.header(3, 1, 0).tensor(longest + "k", 0, 0, 1), "65536 bytes", "at most 65535");
    }

    @Test
    void as_many_keys_as_fit_and_65536_of_them() throws IOException {
        RawGguf raw = RawGguf.header(3, 0, 65536);
        for (int i = 0; i < 65536; i++) {
            raw.key("%04x".formatted(i), 0).u8(i);
        }
        try (Gguf gguf = open(raw)) {
            assertThat(gguf.metadata().keys()).hasSize(65536);
            assertThat(gguf.metadata().find("ffff")).contains(255L);
        }
        refused(RawGguf.header(3, 0, 2).zeros(2 * 14 - 1), "2 metadata keys declared", "only 27 bytes follow");
    }

    @Test
    void as_many_tensors_as_fit_and_262144_of_them() throws IOException {
        refused(RawGguf.header(3, 3, 0).zeros(3 * 33 - 1), "3 tensors declared");
        // Whether the number is accepted shows by what is wrong with the first: it is made of zeros.
        refused(RawGguf.header(3, 3, 0).zeros(3 * 33), "tensor ''", "0 dimensions");
        for (int count : new int[] {1 << 18, (1 << 18) + 1}) {
            Path file = RawGguf.header(3, count, 0).write(folder.resolve("zeros.gguf"));
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                access.setLength(24 + 33L * count); // a hole
            }
            assertThatThrownBy(() -> Gguf.open(file).close()).isInstanceOf(GgufException.class)
                    .hasMessageContaining(count == 1 << 18 ? "0 dimensions" : count + " tensors declared");
        }
    }

    @Test
    void arrays_four_deep_and_65536_within_others() throws IOException {
        RawGguf raw = RawGguf.header(3, 0, 1).array("k", 9, 1).u32(9).u64(1).u32(9).u64(1).u32(4).u64(1).u32(42);
        try (Gguf gguf = open(raw)) {
            assertThat(gguf.metadata().find("k")).contains(List.of(List.of(List.of(List.of(42L)))));
        }
        refused(RawGguf.header(3, 0, 1).array("k", 9, 1).u32(9).u64(1).u32(9).u64(1).u32(9).u64(1).u32(4).u64(0),
                "nested more than 4 deep");
        try (Gguf gguf = open(RawGguf.header(3, 0, 1).array("k", 9, 65536).zeros(65536 * 12))) {
            assertThat(gguf.metadata().find("k").orElseThrow()).asInstanceOf(InstanceOfAssertFactories.LIST).hasSize(65536);
        }
        refused(RawGguf.header(3, 0, 1).array("k", 9, 65537).zeros(65537 * 12), "arrays within arrays");
    }

    @Test
    void alignments_from_8_to_a_gibibyte() throws IOException {
        RawGguf raw = RawGguf.header(3, 2, 1).key("general.alignment", 4).u32(8)
                .tensor("a", 0, 0, 1).tensor("b", 0, 8, 1).pad(8).f32(1).u32(0).f32(2);
        try (Gguf gguf = open(raw)) {
            assertThat(gguf.tensor("a").orElseThrow().data().get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(1);
            assertThat(gguf.tensor("b").orElseThrow().data().get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(2);
        }
        try (Gguf gguf = open(RawGguf.header(3, 0, 1).key("general.alignment", 4).u32(1 << 30))) {
            assertThat(gguf.tensors()).isEmpty();
        }
    }

    @Test
    void data_right_behind_a_header_that_needs_no_padding() throws IOException {
        for (String name : List.of("seven..", "eight...", "nine.....")) {
            RawGguf raw = RawGguf.header(3, 1, 0).tensor(name, 0, 0, 1);
            assertThat(raw.size()).isEqualTo(56 + name.length());
            try (Gguf gguf = open(raw.pad(32).f32(5))) {
                assertThat(gguf.tensor(name).orElseThrow().data().get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(5);
            }
        }
    }

    @Test
    void whole_numbers_on_their_bounds() throws IOException {
        try (Gguf gguf = open(RawGguf.header(3, 0, 1).key("n", 5).u32(7))) {
            GgufMetadata metadata = gguf.metadata();
            assertThat(metadata.requireInteger("n", 7, 9)).isEqualTo(7);
            assertThat(metadata.requireInteger("n", 5, 7)).isEqualTo(7);
            assertThatThrownBy(() -> metadata.requireInteger("n", 8, 9)).isInstanceOf(GgufException.class);
            assertThatThrownBy(() -> metadata.requireInteger("n", 5, 6)).isInstanceOf(GgufException.class);
        }
    }
}
