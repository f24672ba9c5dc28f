package dev.sparsellm.kernels.repack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.kernels.ChannelMajor;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Tensor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a cache does while somebody else of this JVM holds the lock on a model. */
@Timeout(120)
class RepackLockTest {

    private static final String NAME = "m.channels-v" + ChannelMajor.LAYOUT_VERSION;

    @TempDir
    Path directory;

    private final List<Tensor> tensors = RepackProcess.tensors(2, 33);
    private final List<String> notices = new ArrayList<>();
    private final List<String> work = new ArrayList<>();

    private RepackedWeights open(Path where) {
        ProgressSink progress = (what, total) -> {
            work.add(what);
            return done -> {};
        };
        return new RepackCache(where, RepackProcess.alone(1), progress, notices::add).open("m", tensors);
    }

    private FileChannel locked() throws IOException {
        FileChannel channel = FileChannel.open(
                directory.resolve(NAME + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        assertThat(channel.tryLock()).isNotNull();
        return channel;
    }

    @Test
    void waitsAndUsesWhatWasWrittenMeanwhile() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        open(elsewhere).close();
        work.clear();
        List<Path> used = new ArrayList<>();
        Thread waiting = new Thread(() -> {
            try (RepackedWeights weights = open(directory)) {
                used.add(weights.file().orElseThrow());
            }
        });
        try (FileChannel lock = locked()) {
            waiting.start();
            while (waiting.isAlive() && waiting.getState() != Thread.State.TIMED_WAITING) {
                Thread.sleep(1);
            }
            Files.move(elsewhere.resolve(NAME), directory.resolve(NAME));
            assertThat(work).isEmpty();
            assertThat(lock.isOpen()).isTrue();
        }
        assertThat(waiting.join(Duration.ofSeconds(60))).isTrue();
        assertThat(used).containsExactly(directory.resolve(NAME));
        assertThat(work).containsExactly("Checking repacked weights");
        assertThat(notices).isEmpty();
    }

    @Test
    void whoeverIsInterruptedRepacksInMemoryAndStaysInterrupted() throws IOException {
        try (FileChannel lock = locked()) {
            Thread.currentThread().interrupt();
            try (RepackedWeights weights = open(directory)) {
                assertThat(Thread.interrupted()).isTrue();
                assertThat(weights.file()).isEmpty();
            }
            assertThat(lock.isOpen()).isTrue();
        }
        assertThat(notices).singleElement().asString().contains("interrupted");
    }
}
