package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a calibration says, and goes on from, on a model so small that it takes no time. */
class CalibratorTest {

    private static final int WINDOW = 16;
    private static final int[] TEXT = new Random(6).ints(10 * WINDOW, 3, 259).toArray();
    private static final SmallLlama MODEL = SmallLlama.random(TensorType.F32, 1, 8, 8, 2, 2, 43);

    @TempDir
    Path folder;

    private final ChessProvider provider = new ChessProvider();
    private final Threads threads = new Threads(1);
    private final TestHost host = new TestHost(MODEL, threads, Path.of("unused"));

    @AfterEach
    void stop() {
        threads.close();
    }

    private CalibrationRequest request(Path output, long tokens, long seed, int shard, int shards, boolean resume) {
        return new CalibrationRequest(TEXT, WINDOW, tokens, seed, shard, shards, output, resume);
    }

    private Profile calibrate(CalibrationRequest request) {
        provider.calibrate(MODEL.description(), host, request);
        return ProfileFile.read(request.output());
    }

    @Test
    void progressIsOfTheWindowsOfAShard() {
        for (int shard = 0; shard < 3; shard++) {
            host.progress.clear();
            Profile profile = calibrate(request(folder.resolve("x"), 0, 0, shard, 3, true));
            int windows = shard == 0 ? 4 : 3;
            List<String> said = new ArrayList<>(List.of("Calibrating of " + windows));
            for (int done = 1; done <= windows; done++) {
                said.add(Integer.toString(done));
            }
            assertThat(host.progress).isEqualTo(said);
            assertThat(profile.provenance().doneRanges()).isEqualTo(new String[] {"0,3,6,9", "1,4,7", "2,5,8"}[shard]);
        }
    }

    /** Every eighth of a short text, every sixteenth of a long one; of this, every tenth. */
    @Test
    void someWindowsAreRunSeveralTimes() {
        AtomicInteger runs = new AtomicInteger();
        TestHost counting = new TestHost(MODEL, threads, folder).beforeWindow(runs::incrementAndGet);
        for (int[] windowsAndShifts : new int[][] {{9, 2}, {80, 8}, {160, 10}}) {
            int[] text = new Random(6).ints((long) windowsAndShifts[0] * WINDOW, 3, 259).toArray();
            runs.set(0);
            provider.calibrate(MODEL.description(), counting, new CalibrationRequest(
                    text, WINDOW, 0, 0, 0, 1, folder.resolve("x"), false));
            assertThat(runs).hasValue(windowsAndShifts[0] + windowsAndShifts[1] * ShiftRecorder.RUNS);
        }
    }

    @Test
    void aSeedIsStatedOnlyWhereItChose() {
        assertThat(calibrate(request(folder.resolve("x"), 0, 5, 0, 1, false)).provenance().seed()).isZero();
        assertThat(calibrate(request(folder.resolve("x"), 64, 5, 0, 1, false)).provenance().seed()).isEqualTo(5);
    }

    private void interrupted(Path output, int after) {
        AtomicInteger runs = new AtomicInteger();
        TestHost interrupting = new TestHost(MODEL, threads, folder).beforeWindow(() -> {
            if (runs.incrementAndGet() == ShiftRecorder.RUNS + after) {
                Thread.currentThread().interrupt();
            }
        });
        assertThatThrownBy(() -> provider.calibrate(MODEL.description(), interrupting, request(output, 0, 0, 0, 1, true)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("interrupted after " + after + " windows");
        assertThat(Thread.interrupted()).isTrue();
        host.notices.addAll(interrupting.notices);
    }

    @Test
    void whoeverWantsToStartAgainDoes() {
        Path output = folder.resolve("x");
        interrupted(output, 4);
        calibrate(request(output, 0, 0, 0, 1, false));
        assertThat(host.progress).containsExactly("Calibrating of 10", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
        interrupted(output, 4);
        host.progress.clear();
        calibrate(request(output, 0, 0, 0, 1, true));
        assertThat(host.progress).containsExactly("Calibrating of 10", "5", "6", "7", "8", "9", "10");
        assertThat(host.notices).isEmpty();
    }

    @Test
    void aCheckpointOfAnotherShapeIsNotGoneOnFrom() throws IOException {
        SmallLlama wide = SmallLlama.random(TensorType.F32, 1, 8, 16, 2, 2, 43);
        Path other = folder.resolve("other");
        provider.calibrate(wide.description(), new TestHost(wide, threads, folder), request(other, 0, 0, 0, 1, true));
        Path output = folder.resolve("x");
        Files.move(other, Calibrator.checkpointOf(output));
        assertThat(calibrate(request(output, 0, 0, 0, 1, true)).layers().getFirst().feedForward().norms()).hasSize(8);
        assertThat(host.notices).singleElement().asString().startsWith("Starting anew: ").contains("does not have the shape");
        assertThat(Calibrator.checkpointOf(output)).doesNotExist();
    }

    @Test
    void aCheckpointThatCannotBeWrittenOrDeletedIsSaidAndNoError() throws IOException {
        Path output = folder.resolve("x");
        Path checkpoint = Calibrator.checkpointOf(output);
        Files.createDirectories(checkpoint.resolve("in the way"));
        interrupted(output, 2);
        assertThat(host.notices).hasSize(2);
        assertThat(host.notices.getFirst()).startsWith("Starting anew");
        assertThat(host.notices.get(1))
                .startsWith("What was learnt so far could not be kept in " + checkpoint)
                .endsWith("an interruption would lose it");
        calibrate(request(output, 0, 0, 0, 1, false));
        assertThat(host.notices.get(2)).startsWith("The calibration is complete, but " + checkpoint + " cannot be deleted");
    }

    @Test
    void moreTextThanStatisticsHoldIsRefused() {
        int[] ids = new int[(1 << 22) + WINDOW];
        assertThatThrownBy(() -> provider.calibrate(MODEL.description(), host, new CalibrationRequest(
                        ids, WINDOW, 0, 0, 0, 1, folder.resolve("x"), false)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("more than the 4194304 positions a profile holds; limit the tokens");
    }

    @Test
    void aModelThatCannotBeServedIsNotCalibrated() {
        ModelDescription d = MODEL.description();
        ModelDescription gelu = new ModelDescription(
                d.name(), d.architecture(), d.fingerprint(), d.shape(), ActivationFunction.GELU, d.layers(), d.output());
        assertThatThrownBy(() -> provider.calibrate(gelu, host, request(folder.resolve("x"), 0, 0, 0, 1, false)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContainingAll("random cannot be calibrated", "GELU");
        Path there = folder.resolve("there");
        assertThat(there.toFile().mkdir()).isTrue();
        assertThatThrownBy(() -> calibrate(request(there, 0, 0, 0, 1, false)))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining(there + " is there already, and is no file");
    }

    /** Of eight windows one is run five times more. */
    @Test
    void aFirstUseReadsWhatTakesHalfAMinute() {
        assertThat(FirstUse.of(1)).isEqualTo(new FirstUse(18, 18 * 1.625));
        assertThat(FirstUse.of(1).inWords(256)).isEqualTo("4608 tokens of a built-in text, about 30 s");
        assertThat(FirstUse.of(1e-3).tokens(256)).isEqualTo(16384);
        assertThat(FirstUse.of(60).tokens(256)).isEqualTo(2048);
    }
}
