package dev.sparsellm.kernels.repack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.WorkerGroup;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RepackCacheTest {

    private static final String REPACKING = "Repacking weights";

    @TempDir
    Path directory;

    private final List<Tensor> tensors = RepackProcess.tensors(4, 33);
    private final List<String> notices = new ArrayList<>();
    private final List<String> work = new ArrayList<>();
    private final List<Long> done = new ArrayList<>(); // of the work begun last
    private WorkerGroup workers = RepackProcess.alone(1);

    private RepackedWeights open(Path where, String fingerprint, List<Tensor> wanted) {
        ProgressSink progress = (what, total) -> {
            work.add(what + " of " + total);
            done.clear();
            return done::add;
        };
        return new RepackCache(where, workers, progress, notices::add).open(fingerprint, wanted);
    }

    static void assertSound(RepackedWeights weights, List<Tensor> wanted) {
        for (Tensor tensor : wanted) {
            byte[] expected = new byte[Math.toIntExact(ChannelMajor.byteSize(tensor))];
            ChannelMajor.repack(tensor, MemorySegment.ofArray(expected));
            assertThat(weights.of(tensor).data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
        }
    }

    /** Opens, checks what comes, and says whether it had to be repacked. */
    private boolean repacks(String fingerprint, List<Tensor> wanted) {
        work.clear();
        try (RepackedWeights weights = open(directory, fingerprint, wanted)) {
            assertSound(weights, wanted);
            assertThat(weights.file()).isPresent();
        }
        return work.stream().anyMatch(what -> what.startsWith(REPACKING));
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(f -> f.toString().endsWith("-v" + ChannelMajor.LAYOUT_VERSION))
                    .findAny()
                    .orElseThrow();
        }
    }

    @Test
    void repacksOnceAndMapsTheFileFromThenOn() {
        assertThat(repacks("m", tensors)).isTrue();
        assertThat(repacks("m", tensors)).isFalse();
        assertThat(notices).isEmpty();
        try (RepackedWeights weights = open(directory, "m", tensors)) {
            assertThat(weights.of(tensors.getFirst()).data().isReadOnly()).isTrue();
            assertThat(weights.of(tensors.getFirst()).data().isMapped()).isTrue();
            assertThat(weights.byteSize()).isEqualTo(bytes(tensors));
        }
    }

    private static long bytes(List<Tensor> tensors) {
        return tensors.stream().mapToLong(ChannelMajor::byteSize).sum();
    }

    @Test
    void tellsHowManyBytesAreRepackedAndChecked() throws IOException {
        Path inTheWay = Files.writeString(directory.resolve("file"), "");
        open(inTheWay.resolve("cache"), "m", tensors).close();
        assertThat(work).containsExactly("Repacking weights of " + bytes(tensors));
        assertThat(done).isSorted().doesNotHaveDuplicates().hasSize(4 * 8).last().isEqualTo(bytes(tensors));
        work.clear();
        open(directory, "m", tensors).close();
        assertThat(work).containsExactly(
                "Repacking weights of " + bytes(tensors), "Checking repacked weights of " + bytes(tensors));
        assertThat(done).isSorted().doesNotHaveDuplicates().hasSize(4).last().isEqualTo(bytes(tensors));
    }

    @Test
    void repacksWholeTensorsWithAnyNumberOfThreads() {
        workers = RepackProcess.alone(16);
        assertThat(repacks("m", tensors)).isTrue();
    }

    @Test
    void keepsTensorsLargerThanWhatIsWrittenAtOnce() {
        List<Tensor> large = RepackProcess.tensors(3, 8192);
        assertThat(ChannelMajor.byteSize(large.getFirst())).isGreaterThan(2 * RepackCache.WRITTEN_AT_ONCE);
        assertThat(repacks("m", large)).isTrue();
        assertThat(repacks("m", large)).isFalse();
        assertThat(notices).isEmpty();
    }

    @Test
    void fillsTheLastPageOfTheFile() throws IOException {
        for (int columns : new int[] {64, 65}) {
            float[] ones = new float[16 * columns];
            Arrays.fill(ones, 1);
            List<Tensor> one = List.of(new Tensor("w", TensorType.F32, 16, columns, MemorySegment.ofArray(ones)));
            assertThat(ChannelMajor.byteSize(one.getFirst())).isEqualTo(64 * columns);
            assertThat(repacks("m", one)).isTrue();
            assertThat(Files.size(file())).isEqualTo(columns == 64 ? 8192 : 12288);
        }
        assertThat(notices).singleElement().asString().contains("it lacks w");
    }

    @Test
    void hasNoFileForNoTensors() {
        try (RepackedWeights weights = open(directory, "m", List.of())) {
            assertThat(weights.byteSize()).isZero();
            assertThat(weights.file()).isEmpty();
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void writesTheSameBytesEveryTime() throws IOException {
        repacks("m", tensors);
        byte[] first = Files.readAllBytes(file());
        Files.delete(file());
        repacks("m", tensors);
        assertThat(Files.readAllBytes(file())).isEqualTo(first);
    }

    @Test
    void keepsModelsApart() {
        assertThat(repacks("m1", tensors)).isTrue();
        assertThat(repacks("m2", tensors)).isTrue();
        assertThat(repacks("m1", tensors)).isFalse();
    }

    @Test
    void servesASubsetAndReplacesWhatLacksATensor() {
        List<Tensor> some = tensors.subList(1, 3);
        assertThat(repacks("m", some)).isTrue();
        assertThat(repacks("m", tensors)).isTrue();
        assertThat(notices).singleElement().asString().contains("it lacks blk.0");
        assertThat(repacks("m", some)).isFalse();
        try (RepackedWeights weights = open(directory, "m", some)) {
            assertThatThrownBy(() -> weights.of(tensors.getFirst()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("blk.0");
        }
    }

    @Test
    void replacesWhatHasAnotherShape() {
        repacks("m", RepackProcess.tensors(4, 34));
        assertThat(repacks("m", tensors)).isTrue();
    }

    @Test
    void rebuildsAFileWithAnyBitFlipped() throws IOException {
        repacks("m", tensors);
        byte[] sound = Files.readAllBytes(file());
        int head = 32 + 4 + 1 + 4 + 4 * (40 + 5);
        List<Integer> places = new ArrayList<>(java.util.stream.IntStream.range(0, head).boxed().toList());
        Tensor last = tensors.getLast();
        int lastTensor = (int) (sound.length - (ChannelMajor.byteSize(last) + 4095) / 4096 * 4096);
        places.addAll(List.of(4096, 5000, lastTensor, (int) (lastTensor + ChannelMajor.byteSize(last) - 1)));
        for (int place : places) {
            try (RandomAccessFile broken = new RandomAccessFile(file().toFile(), "rw")) {
                broken.seek(place);
                broken.write(sound[place] ^ 1 << place % 8);
            }
            notices.clear();
            assertThat(repacks("m", tensors)).as("byte %d", place).isTrue();
            assertThat(notices).as("byte %d", place).hasSize(1);
            assertThat(Files.readAllBytes(file())).isEqualTo(sound);
        }
    }

    @Test
    void rebuildsATruncatedFile() throws IOException {
        repacks("m", tensors);
        long size = Files.size(file());
        for (long length : new long[] {0, 1, 31, 32, 100, 4096, size / 2, size - 1, size + 1}) {
            try (RandomAccessFile broken = new RandomAccessFile(file().toFile(), "rw")) {
                broken.setLength(length);
            }
            assertThat(repacks("m", tensors)).as("%d bytes", length).isTrue();
        }
    }

    @Test
    void rebuildsTheFileOfAnotherModelUnderThisName() throws IOException {
        repacks("other", tensors);
        Path foreign = file();
        Files.move(foreign, directory.resolve(foreign.getFileName().toString().replace("other", "m")));
        assertThat(repacks("m", tensors)).isTrue();
        assertThat(notices).singleElement().asString().contains("belongs to another model");
    }

    @Test
    void ignoresFilesOfOtherLayouts() throws IOException {
        Path old = Files.writeString(directory.resolve("m.channels-v0"), "old");
        assertThat(repacks("m", tensors)).isTrue();
        assertThat(notices).isEmpty();
        assertThat(old).hasContent("old");
    }

    @Test
    void removesWhatADeadProcessLeft() throws IOException {
        Path left = Files.writeString(
                directory.resolve("m.channels-v" + ChannelMajor.LAYOUT_VERSION + ".123.tmp"), "half");
        repacks("m", tensors);
        assertThat(left).doesNotExist();
    }

    @Test
    void repacksInMemoryWhereNoDirectoryCanBe() throws IOException {
        Path inTheWay = Files.writeString(directory.resolve("file"), "");
        try (RepackedWeights weights = open(inTheWay.resolve("cache"), "m", tensors)) {
            assertSound(weights, tensors);
            assertThat(weights.file()).isEmpty();
        }
        assertThat(notices).last().asString().contains("stay in memory");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void repacksInMemoryInAReadOnlyDirectory() throws IOException {
        Path readOnly = Files.createDirectory(
                directory.resolve("read-only"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
        Assumptions.assumeFalse(Files.isWritable(readOnly), "this user may write to read-only directories");
        try (RepackedWeights weights = open(readOnly, "m", tensors)) {
            assertSound(weights, tensors);
            assertThat(weights.file()).isEmpty();
        }
        assertThat(notices).singleElement().asString().contains("stay in memory");
    }
}
