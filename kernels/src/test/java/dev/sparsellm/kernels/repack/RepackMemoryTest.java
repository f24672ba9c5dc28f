package dev.sparsellm.kernels.repack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.ResidentPages;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What repacked weights keep, in memory and of files, and what they let go of. */
class RepackMemoryTest {

    @TempDir
    Path directory;

    private final List<Tensor> tensors = RepackProcess.tensors(2, 33);
    private final List<String> notices = new ArrayList<>();

    /** A folder that cannot be made, so that weights stay in memory. */
    private Path nowhere() throws IOException {
        return Files.writeString(directory.resolve("file"), "").resolve("cache");
    }

    private RepackedWeights open(Path where, List<Tensor> wanted) {
        return new RepackCache(where, RepackProcess.alone(1), ProgressSink.NONE, notices::add).open("m", wanted);
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/smaps")
    void givesThePagesOfOriginalsBack() throws IOException {
        Tensor original = RepackProcess.tensors(1, 2048).getFirst();
        Path originals = Files.write(directory.resolve("originals"), original.data().toArray(ValueLayout.JAVA_BYTE));
        try (Arena arena = Arena.ofShared(); FileChannel channel = FileChannel.open(originals)) {
            MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            List<Tensor> mapped =
                    List.of(new Tensor("w", original.type(), original.rows(), original.columns(), data));
            data.load();
            assertThat(ResidentPages.of(originals)).isEqualTo(data.byteSize() / 1024);
            try (RepackedWeights weights = open(directory, mapped)) {
                assertThat(ResidentPages.of(originals)).isZero();
                RepackCacheTest.assertSound(weights, mapped);
            }
            data.load();
            try (RepackedWeights weights = open(originals.resolve("no folder"), mapped)) {
                assertThat(weights.file()).isEmpty();
                assertThat(ResidentPages.of(originals)).isZero();
                RepackCacheTest.assertSound(weights, mapped);
            }
        }
    }

    @Test
    void closingEndsTheUseOfFileAndMemory() throws IOException {
        for (Path where : List.of(directory, nowhere())) {
            RepackedWeights weights = open(where, tensors);
            MemorySegment data = weights.of(tensors.getFirst()).data();
            weights.close();
            assertThatThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/maps")
    void letsGoOfADamagedFile() throws IOException {
        Path file;
        try (RepackedWeights weights = open(directory, tensors)) {
            file = weights.file().orElseThrow();
        }
        try (RandomAccessFile broken = new RandomAccessFile(file.toFile(), "rw")) {
            broken.seek(broken.length() - 8192);
            broken.writeLong(-1);
        }
        try (RepackedWeights weights = open(directory, tensors)) {
            assertThat(notices).singleElement().asString().contains("is damaged");
            assertThat(weights.file()).contains(file);
            assertThat(ResidentPages.mappings(file)).as("the new file's").isOne();
        }
        assertThat(ResidentPages.mappings(file)).isZero();
    }

    /** As if the model were closed while it is prepared. */
    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/status")
    void givesMemoryBackWhenAnOriginalIsGone() throws IOException {
        Tensor gone;
        try (Arena arena = Arena.ofShared()) {
            Path hole = directory.resolve("hole");
            try (RandomAccessFile access = new RandomAccessFile(hole.toFile(), "rw")) {
                access.setLength(1 << 27);
                MemorySegment data = access.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, 1 << 27, arena);
                gone = new Tensor("w", TensorType.F32, 1 << 15, 1 << 10, data);
            }
        }
        Path nowhere = nowhere();
        long before = residentKib();
        assertThatThrownBy(() -> open(nowhere, List.of(gone))).isInstanceOf(IllegalStateException.class);
        assertThat(residentKib() - before).as("of 131072 KiB").isLessThan(65536);
    }

    private static long residentKib() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }
    }
}
