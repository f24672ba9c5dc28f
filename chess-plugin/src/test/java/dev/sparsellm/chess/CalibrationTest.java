package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Report;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrationTest {

    private static final int WINDOW = 32;

    /** Of windows 0 and 8, to see how values shift. */
    private static final int OTHER_RUNS = 5;

    @TempDir
    Path folder;

    private final ChessProvider provider = new ChessProvider();
    private final SmallLlama model = SmallLlama.random(TensorType.Q8_0, 2, 64, 160, 4, 2, 21);
    private Threads threads;
    private TestHost host;

    @BeforeEach
    void start() {
        threads = new Threads(2);
        host = new TestHost(model, threads, folder.resolve("cache"));
    }

    @AfterEach
    void stop() {
        threads.close();
    }

    @Test
    void theBytesDoNotDependOnThreads() throws IOException {
        byte[] expected = whole();
        for (int count : new int[] {1, 4}) {
            try (Threads group = new Threads(count)) {
                Path output = folder.resolve(count + ".gguf");
                provider.calibrate(model.description(), new TestHost(model, group, folder), request(output, 0, 1, 0));
                assertThat(Files.readAllBytes(output)).isEqualTo(expected);
            }
        }
    }

    @Test
    void shardsInAnyOrderMergeToTheProfileOfOneRun() throws IOException {
        Path[] shards = new Path[3];
        for (int shard = 0; shard < 3; shard++) {
            shards[shard] = folder.resolve("shard" + shard + ".gguf");
            provider.calibrate(model.description(), host, request(shards[shard], shard, 3, 0));
        }
        Path merged = folder.resolve("merged.gguf");
        for (int[] order : new int[][] {{0, 1, 2}, {2, 0, 1}, {1, 2, 0}}) {
            provider.mergeProfiles(Arrays.stream(order).mapToObj(i -> shards[i]).toList(), merged);
            assertThat(Files.readAllBytes(merged)).isEqualTo(whole());
        }
        Path two = folder.resolve("two.gguf");
        provider.mergeProfiles(List.of(shards[2], shards[1]), two);
        provider.mergeProfiles(List.of(shards[0], two), merged);
        assertThat(Files.readAllBytes(merged)).isEqualTo(whole());
        assertThatThrownBy(() -> provider.mergeProfiles(List.of(two, shards[1]), merged))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("more than one of these profiles");
        assertThatThrownBy(() -> provider.mergeProfiles(List.of(two), merged))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("at least two");
    }

    @Test
    void profilesOfDifferentTextsDoNotMerge() {
        Path one = folder.resolve("one.gguf");
        Path other = folder.resolve("other.gguf");
        provider.calibrate(model.description(), host, request(one, 0, 2, 0));
        int[] text = text();
        text[5]++;
        provider.calibrate(
                model.description(), host, new CalibrationRequest(text, WINDOW, 0, 0, 1, 2, other, false));
        assertThatThrownBy(() -> provider.mergeProfiles(List.of(one, other), folder.resolve("merged.gguf")))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("do not belong together");
    }

    @Test
    void anInterruptedRunGoesOnWhereItStopped() throws IOException {
        byte[] expected = whole();
        Path output = folder.resolve("resumed.gguf");
        AtomicInteger windows = new AtomicInteger();
        TestHost interrupting = new TestHost(model, threads, folder).beforeWindow(() -> {
            if (windows.incrementAndGet() == OTHER_RUNS + 3) {
                Thread.currentThread().interrupt();
            }
        });
        assertThatThrownBy(() -> provider.calibrate(model.description(), interrupting, request(output, 0, 1, 0)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("interrupted after 3 windows");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(output).doesNotExist();
        assertThat(Calibrator.checkpointOf(output)).exists();

        AtomicInteger rest = new AtomicInteger();
        TestHost counting = new TestHost(model, threads, folder).beforeWindow(rest::incrementAndGet);
        provider.calibrate(model.description(), counting, request(output, 0, 1, 0));
        assertThat(Files.readAllBytes(output)).isEqualTo(expected);
        assertThat(rest).hasValue(windowsOfText() - 3 + OTHER_RUNS);
        assertThat(Calibrator.checkpointOf(output)).doesNotExist();
    }

    @Test
    void aCheckpointOfAnotherCalibrationOrADamagedOneIsNotGoneOnFrom() throws IOException {
        byte[] expected = whole();
        Path output = folder.resolve("fresh.gguf");
        Path shard = folder.resolve("shard.gguf");
        provider.calibrate(model.description(), host, request(shard, 1, 2, 0));
        Files.copy(shard, Calibrator.checkpointOf(folder.resolve("shard0.gguf")));
        provider.calibrate(model.description(), host, request(folder.resolve("shard0.gguf"), 0, 2, 0));
        assertThat(host.notices).singleElement().asString().contains("belongs to another calibration");
        provider.mergeProfiles(List.of(shard, folder.resolve("shard0.gguf")), output);
        assertThat(Files.readAllBytes(output)).isEqualTo(expected);

        Files.write(Calibrator.checkpointOf(output), Arrays.copyOf(expected, expected.length / 2));
        provider.calibrate(model.description(), host, request(output, 0, 1, 0));
        assertThat(Files.readAllBytes(output)).isEqualTo(expected);
        assertThat(host.notices).hasSize(2).last().asString().contains("Starting anew");
    }

    @Test
    void aSeedChoosesTheSameWindowsAgainAndAnotherOthers() throws IOException {
        byte[][] profiles = new byte[3][];
        for (int i = 0; i < 3; i++) {
            Path output = folder.resolve("seed" + i + ".gguf");
            provider.calibrate(model.description(), host, new CalibrationRequest(
                    text(), WINDOW, 4 * WINDOW, i / 2, 0, 1, output, false));
            profiles[i] = Files.readAllBytes(output);
            assertThat(ProfileFile.read(output).provenance().positions()).isEqualTo(4 * WINDOW);
        }
        assertThat(profiles[1]).isEqualTo(profiles[0]);
        assertThat(profiles[2]).isNotEqualTo(profiles[0]);
    }

    @Test
    void everyPositionIsCountedAndTheFirstIdOfAWindowIsTheBeginMark() {
        Windows windows = new Windows(
                new CalibrationRequest(text(), WINDOW, 0, 0, 0, 1, folder, false), java.util.OptionalInt.of(1), 256);
        int[] text = text();
        assertThat(windows.count()).isEqualTo(windowsOfText());
        assertThat(windows.ids(0)[0]).isEqualTo(1);
        assertThat(windows.ids(0)[1]).isEqualTo(text[0]);
        assertThat(windows.ids(1)[0]).isEqualTo(1);
        assertThat(windows.ids(1)[1]).isEqualTo(text[WINDOW]);
        assertThat(windows.ids(1)[WINDOW - 1]).isEqualTo(text[2 * WINDOW - 2]);
        Path output = folder.resolve("counted.gguf");
        provider.calibrate(model.description(), host, request(output, 0, 1, 0));
        Profile profile = ProfileFile.read(output);
        long positions = (long) windowsOfText() * WINDOW;
        for (Profile.Layer layer : profile.layers()) {
            for (Site site : Site.values()) {
                SiteStatistics seen = layer.at(site).seen();
                assertThat(Arrays.stream(seen.counts()).asLongStream().sum())
                        .isEqualTo(positions * seen.channels());
            }
        }
    }

    @Test
    void aTextThatFillsNoWindowIsRefused() {
        assertThatThrownBy(() -> provider.calibrate(model.description(), host, new CalibrationRequest(
                        new int[] {5, 6}, WINDOW, 0, 0, 0, 1, folder.resolve("x.gguf"), false)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("does not fill one window of 32");
        assertThatThrownBy(() -> provider.calibrate(model.description(), host, new CalibrationRequest(
                        text(), 1000, 0, 0, 0, 1, folder.resolve("x.gguf"), false)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("256");
        assertThatThrownBy(() -> provider.calibrate(
                        model.description(), host, request(folder.resolve("nowhere/x.gguf"), 0, 1, 0)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("nowhere");
    }

    @Test
    void aReportListsThresholdsOfEveryPlace() throws IOException {
        whole();
        Report report = provider.describeProfile(
                folder.resolve("whole.gguf"),
                new Settings(provider.settings(), Map.of(ChessSettings.SPARSITY, "0.6")));
        assertThat(report.facts()).containsEntry("model", "random").containsEntry("positions", "320");
        assertThat(report.tables()).singleElement().satisfies(table -> {
            assertThat(table.rows()).hasSize(2 * 3);
            assertThat(table.rows()).allSatisfy(row -> {
                assertThat(row.get(2)).isEqualTo(0.6);
                double correction = (double) row.get(5);
                if (row.get(1).equals("ffn")) {
                    assertThat(correction).isEqualTo(1);
                    assertThat((double) row.get(3)).isBetween(0.59999, 0.60001);
                } else {
                    // A random model's heads average the values of ever more positions: what goes into O shrinks.
                    assertThat(correction).isBetween(0.5, 1.1).isNotEqualTo(1);
                    assertThat((double) row.get(4)).isCloseTo(0.6 - (double) row.get(3), within(0.05));
                }
            });
            assertThat(table.rows()).filteredOn(row -> row.get(1).equals("attn_output"))
                    .allSatisfy(row -> assertThat((double) row.get(4)).isGreaterThan(0.01));
        });
    }

    private byte[] whole() throws IOException {
        Path output = folder.resolve("whole.gguf");
        if (Files.notExists(output)) {
            provider.calibrate(model.description(), host, request(output, 0, 1, 0));
        }
        return Files.readAllBytes(output);
    }

    private static CalibrationRequest request(Path output, int shard, int shards, long maxTokens) {
        return new CalibrationRequest(text(), WINDOW, maxTokens, 0, shard, shards, output, true);
    }

    private static int windowsOfText() {
        return (text().length + 1) / WINDOW;
    }

    private static int[] text() {
        return new Random(77).ints(10 * WINDOW + 7, 3, 259).toArray();
    }
}
