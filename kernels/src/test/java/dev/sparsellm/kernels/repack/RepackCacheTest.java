package dev.sparsellm.kernels.repack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.WorkerGroup;
import dev.sparsellm.testing.ResidentPages;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
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

    private void assertSound(RepackedWeights weights, List<Tensor> wanted) {
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
        List<Tensor> large = RepackProcess.tensors(3, 2048);
        assertThat(ChannelMajor.byteSize(large.getFirst())).isGreaterThan(2 * RepackFile.CHUNK);
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
    void closingEndsTheUseOfFileAndMemory() throws IOException {
        Path inTheWay = Files.writeString(directory.resolve("file"), "");
        for (Path where : List.of(directory, inTheWay.resolve("cache"))) {
            RepackedWeights weights = open(where, "m", tensors);
            MemorySegment data = weights.of(tensors.getFirst()).data();
            weights.close();
            assertThatThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/maps")
    void letsGoOfADamagedFile() throws IOException {
        repacks("m", tensors);
        try (RandomAccessFile broken = new RandomAccessFile(file().toFile(), "rw")) {
            broken.seek(broken.length() - 8192);
            broken.writeLong(-1);
        }
        try (RepackedWeights weights = open(directory, "m", tensors)) {
            assertThat(notices).singleElement().asString().contains("is damaged");
            assertThat(ResidentPages.mappings(weights.file().orElseThrow())).isOne();
        }
        assertThat(ResidentPages.mappings(file())).isZero();
    }

    /** As if the model were closed while it is prepared. */
    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/status")
    void givesMemoryBackWhenAnOriginalIsGone() throws IOException {
        Path inTheWay = Files.writeString(directory.resolve("file"), "");
        Tensor gone;
        try (Arena arena = Arena.ofShared()) {
            Path hole = directory.resolve("hole");
            try (RandomAccessFile access = new RandomAccessFile(hole.toFile(), "rw")) {
                access.setLength(1 << 27);
                MemorySegment data = access.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, 1 << 27, arena);
                gone = new Tensor("w", TensorType.F32, 1 << 15, 1 << 10, data);
            }
        }
        long before = residentKib();
        assertThatThrownBy(() -> open(inTheWay.resolve("cache"), "m", List.of(gone)))
                .isInstanceOf(IllegalStateException.class);
        assertThat(residentKib() - before).as("of 131072 KiB").isLessThan(65536);
    }

    private static long residentKib() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }
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
            try (RepackedWeights weights = open(directory, "m", mapped)) {
                assertThat(ResidentPages.of(originals)).isZero();
                assertSound(weights, mapped);
            }
            data.load();
            try (RepackedWeights weights = open(originals.resolve("no folder"), "m", mapped)) {
                assertThat(weights.file()).isEmpty();
                assertThat(ResidentPages.of(originals)).isZero();
                assertSound(weights, mapped);
            }
        }
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

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void twoProcessesAtOnceRepackOnce() throws Exception {
        List<Process> processes = List.of(start("exec"), start("exec"), start("exec"));
        List<String> outputs = new ArrayList<>();
        for (Process process : processes) {
            outputs.add(finish(process));
        }
        assertThat(outputs).filteredOn(o -> o.contains(REPACKING)).hasSize(1);
        assertThat(outputs).allMatch(o -> o.contains("true ") && !o.contains("NOTICE"));
        assertThat(outputs.stream().map(o -> o.substring(o.indexOf("true "))).distinct()).hasSize(1);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void survivesAProcessKilledWhileWriting() throws Exception {
        Process killed = start("exec");
        while (killed.isAlive() && !hasTemporary()) {
            Thread.sleep(1);
        }
        killed.destroyForcibly().waitFor();
        String output = finish(start("exec"));
        assertThat(output).contains("true ").doesNotContain("NOTICE");
        assertThat(hasTemporary()).isFalse();
    }

    /** The limit on the size of files stands for a full disk: writing fails half way. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void repacksInMemoryWhenTheDiskFillsUp() throws Exception {
        String output = finish(start("ulimit -f 8000; exec"));
        assertThat(output).contains("NOTICE").contains("stay in memory").contains("false ");
        assertThat(hasTemporary()).isFalse();
        assertThat(finish(start("exec")).lines().toList().getLast().substring("true ".length()))
                .isEqualTo(output.lines().toList().getLast().substring("false ".length()));
    }

    private boolean hasTemporary() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(f -> f.toString().endsWith(".tmp"));
        }
    }

    private Process start(String prefix) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String command = "%s '%s' -XX:-UsePerfData -Xmx512m -cp '%s' %s '%s'".formatted(
                prefix, java, System.getProperty("java.class.path"), RepackProcess.class.getName(), directory);
        return new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
    }

    private static String finish(Process process) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output.strip();
    }
}
