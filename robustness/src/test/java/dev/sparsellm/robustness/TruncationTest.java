package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.chess.ChessProvider;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.repack.RepackCache;
import dev.sparsellm.kernels.repack.RepackedWeights;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of crashed copies and failing disks: cut off at every byte, and with bits turned over. */
class TruncationTest {

    /** Of larger files, too, in minutes. Otherwise of their heads, and of the rest some. */
    private static final boolean EVERY_BYTE = Boolean.getBoolean("robustness.everyByte");

    private static final int TENSOR_BITS = 300;

    @TempDir
    Path folder;

    private Path model() throws IOException {
        return Files.write(folder.resolve("model.gguf"), SmallModel.sentencePiece().bytes());
    }

    private boolean loads(Path file) {
        return Refusals.accepts(() -> Model.load(
                        file, ModelOptions.defaults().withThreads(1).withCacheDirectory(folder.resolve("cache")))
                .close());
    }

    @Test
    void a_model_cut_off_anywhere_is_refused() throws IOException {
        Path file = model();
        assertThat(loads(file)).isTrue();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            // The last bytes are padding behind the last tensor.
            for (long length = channel.size() - 32; length >= 0; length--) {
                channel.truncate(length);
                assertThat(Refusals.accepts(() -> Gguf.open(file).close())).as("cut to %d bytes", length).isFalse();
                if (length % 500 == 0) {
                    assertThat(loads(file)).isFalse();
                }
            }
        }
    }

    @Test
    void a_profile_cut_off_anywhere_is_refused() throws IOException {
        Path file = Files.write(folder.resolve("profile.gguf"), Profiles.small());
        assertThat(describes(file)).isTrue();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            int head = Profiles.headOf(Profiles.small()) + 64;
            for (long length = channel.size() - 32; length >= 0; length -= EVERY_BYTE || length < head ? 1 : 211) {
                channel.truncate(length);
                assertThat(describes(file)).as("cut to %d bytes", length).isFalse();
            }
        }
    }

    @Test
    void a_profile_with_a_bit_of_its_figures_turned_over_is_refused() throws IOException {
        byte[] sound = Profiles.small();
        Path file = Files.write(folder.resolve("profile.gguf"), sound);
        Random random = new Random(1);
        int accepted = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int i = 0; i < TENSOR_BITS; i++) {
                int at = sound.length / 2 + random.nextInt(sound.length / 2 - 64); // tensors all
                write(channel, at, sound[at] ^ 1 << random.nextInt(8));
                accepted += describes(file) ? 1 : 0;
                write(channel, at, sound[at]);
            }
        }
        // Between tensors are up to 31 bytes of padding, which nobody reads.
        assertThat(accepted).isLessThan(TENSOR_BITS / 50);
        assertThat(describes(file)).isTrue();
    }

    @Test
    void a_profile_with_any_bit_of_its_head_turned_over_is_read_or_refused() throws IOException {
        byte[] sound = Profiles.small();
        Path file = Files.write(folder.resolve("profile.gguf"), sound);
        int head = 1 + Profiles.headOf(sound);
        int refused = 0;
        Random random = new Random(1);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int at = 0; at < head; at++) {
                for (int bit = EVERY_BYTE ? 0 : random.nextInt(8); bit < 8; bit += EVERY_BYTE ? 1 : 8) {
                    write(channel, at, sound[at] ^ 1 << bit);
                    refused += describes(file) ? 0 : 1;
                    write(channel, at, sound[at]);
                }
            }
        }
        // What is left are names and hashes, which nothing follows from.
        assertThat(refused).isGreaterThan((EVERY_BYTE ? 8 : 1) * head / 2);
    }

    private static boolean describes(Path file) {
        ChessProvider provider = new ChessProvider();
        return Refusals.accepts(() -> provider.describeProfile(file, Settings.defaults(provider.settings())));
    }

    private static void write(FileChannel channel, int at, int value) throws IOException {
        channel.write(ByteBuffer.wrap(new byte[] {(byte) value}), at);
    }

    @Test
    void repacked_weights_cut_off_anywhere_or_with_any_bit_turned_over_are_made_anew() throws IOException {
        List<Tensor> tensors = RepackFuzzTest.tensors();
        // In memory where there is such a file system: what is made anew is forced to disk, thousands of times here.
        Path cache = new Scratch().folder();
        byte[] right = repacked(cache, tensors);
        Path file;
        try (var files = Files.list(cache)) {
            file = files.filter(f -> !f.toString().endsWith(".lock")).findAny().orElseThrow();
        }
        byte[] sound = Files.readAllBytes(file);
        for (int length = 0; length < sound.length; ) {
            Files.write(file, Arrays.copyOf(sound, length));
            assertThat(repacked(cache, tensors)).as("cut to %d bytes", length).isEqualTo(right);
            assertThat(Files.size(file)).as("written anew").isEqualTo(sound.length);
            // Nine tenths of so small a file are what fills its pages.
            length += EVERY_BYTE || length > sound.length - 64 || !isPadding(sound, length) ? 1 : 61;
        }
        Random random = new Random(1);
        for (int i = 0; i < 100; i++) {
            byte[] spoilt = sound.clone();
            spoilt[i < 50 ? i : random.nextInt(sound.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, spoilt);
            assertThat(repacked(cache, tensors)).isEqualTo(right);
        }
        assertThat(Files.readAllBytes(file)).hasSameSizeAs(sound);
    }

    /** Whether the next bytes are zeros, and those before. */
    private static boolean isPadding(byte[] file, int at) {
        for (int i = Math.max(0, at - 32); i < Math.min(file.length, at + 64); i++) {
            if (file[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** All weights, whether read or made. */
    private static byte[] repacked(Path cache, List<Tensor> tensors) {
        List<byte[]> all = new ArrayList<>();
        try (RepackedWeights weights =
                new RepackCache(cache, new Alone(), ProgressSink.NONE, notice -> {}).open("m", tensors)) {
            tensors.forEach(tensor -> all.add(weights.of(tensor).data().toArray(ValueLayout.JAVA_BYTE)));
        }
        ByteBuffer joined = ByteBuffer.allocate(all.stream().mapToInt(part -> part.length).sum());
        all.forEach(joined::put);
        return joined.array();
    }
}
