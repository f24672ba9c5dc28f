package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which profile is used, where none was named, and what is said of it: on a model so small that a first use is short. */
class ProfileSourceTest {

    private static final SmallLlama MODEL = SmallLlama.random(TensorType.F32, 1, 8, 8, 2, 2, 31);
    private static final SmallLlama OTHER = SmallLlama.random(TensorType.F32, 1, 8, 8, 2, 2, 32);
    private static final String NAME = "chess-profile-" + MODEL.description().fingerprint() + "-v" + ProfileFile.VERSION + ".gguf";

    @TempDir
    Path folder;

    private final Threads threads = new Threads(1);

    @AfterEach
    void stop() {
        threads.close();
    }

    private TestHost host(SmallLlama model, Path cache) {
        return new TestHost(model, threads, cache).withMaxWindow(16);
    }

    private static ProfileSource source(SmallLlama model, TestHost host, Map<String, String> settings) {
        return new ProfileSource(
                model.description(),
                ChessSettings.of(new Settings(ChessSettings.declared(), settings)),
                host,
                TestDense.KERNELS);
    }

    @Test
    void aFirstUseReadsTheBuiltInTextAndKeepsWhatItLearnt() throws IOException {
        Path cache = folder.resolve("new");
        TestHost host = host(MODEL, cache);
        ProfileSource.Named made = source(MODEL, host, Map.of()).find();
        assertThat(made.name()).isEqualTo("of first use");
        Provenance how = made.profile().provenance();
        assertThat(host.notices).singleElement().asString().startsWith(
                "No profile for random yet: calibrating once on " + how.positions() + " tokens of a built-in text, about ");
        try (InputStream in = ProfileSource.class.getResourceAsStream("calibration.txt")) {
            int[] ids = host.text().tokenize(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            assertThat(how.textTokens()).isEqualTo(ids.length);
            assertThat(how.textHash()).isEqualTo(Windows.hash(ids));
        }
        assertThat(how.window()).isEqualTo(16);
        assertThat(how.windows()).isBetween(8, 64);
        assertThat(how.seed()).isZero();
        try (var files = Files.list(cache)) {
            assertThat(files).containsExactly(cache.resolve(NAME));
        }
        TestHost next = host(MODEL, cache).beforeWindow(() -> {
            throw new AssertionError("calibrated again");
        });
        ProfileSource.Named again = source(MODEL, next, Map.of()).find();
        assertThat(again.name()).isEqualTo("of first use");
        assertThat(again.profile().mark()).isEqualTo(made.profile().mark());
        assertThat(next.notices).isEmpty();
    }

    @Test
    void aFirstUseThatWasInterruptedGoesOn() {
        AtomicInteger runs = new AtomicInteger();
        TestHost first = host(MODEL, folder).beforeWindow(() -> {
            if (runs.incrementAndGet() == 4 + ShiftRecorder.RUNS + 3) {
                Thread.currentThread().interrupt();
            }
        });
        ProfileSource interrupted = source(MODEL, first, Map.of());
        assertThatThrownBy(interrupted::find)
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
        TestHost host = host(MODEL, folder);
        source(MODEL, host, Map.of()).find();
        assertThat(host.progress.getFirst()).isEqualTo(first.progress.getFirst());
        assertThat(Integer.parseInt(host.progress.get(1))).isEqualTo(first.progress.size()).isGreaterThan(2);
    }

    @Test
    void theCacheIsTheFolderSetOrElseTheHosts() {
        TestHost host = host(MODEL, folder.resolve("hosts"));
        assertThat(source(MODEL, host, Map.of()).cacheDirectory()).isEqualTo(folder.resolve("hosts"));
        Path set = folder.resolve("set");
        assertThat(source(MODEL, host, Map.of(ChessSettings.CACHE, set.toString())).cacheDirectory()).isEqualTo(set);
    }

    @Test
    void whatIsDamagedOrOfAnotherModelIsMadeAgainInTheCacheAndAnErrorIfItIsNamed() throws IOException {
        TestHost others = host(OTHER, folder);
        Profile foreign = source(OTHER, others, Map.of()).find().profile();
        Path cached = folder.resolve(NAME);
        for (String wrong : new String[] {"another model", "cannot be read"}) {
            if (wrong.equals("another model")) {
                ProfileFile.write(foreign, cached);
            } else {
                Files.write(cached, new byte[100]);
            }
            TestHost named = host(MODEL, folder);
            ProfileSource asked = source(MODEL, named, Map.of(ChessSettings.PROFILE, cached.toString()));
            assertThatThrownBy(asked::find)
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContainingAll(wrong, cached.toString());
            TestHost host = host(MODEL, folder);
            Profile again = source(MODEL, host, Map.of()).find().profile();
            assertThat(host.notices).hasSize(2);
            assertThat(host.notices.getFirst()).startsWith("Calibrating again: ").contains(wrong);
            assertThat(again.provenance().fingerprint()).isEqualTo(MODEL.description().fingerprint());
            ProfileSource.Named found = asked.find();
            assertThat(found.name()).isEqualTo(cached.toString());
            assertThat(found.profile().mark()).isEqualTo(again.mark());
        }
    }

    @Test
    void whatCannotBeCachedIsUsedAllTheSame() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        TestHost below = host(MODEL, file.resolve("cache"));
        assertThat(source(MODEL, below, Map.of()).find().profile().provenance().positions()).isPositive();
        assertThat(below.notices).hasSize(2);
        assertThat(below.notices.get(1)).isEqualTo("The folder " + file.resolve("cache")
                + " is not writable: the profile will be made again next time; set chess.cache to another");

        Path inTheWay = Files.createDirectories(folder.resolve(NAME).resolve("child")).getParent();
        TestHost blocked = host(MODEL, folder);
        assertThat(source(MODEL, blocked, Map.of()).find().profile().provenance().positions()).isPositive();
        assertThat(blocked.notices).hasSize(3);
        assertThat(blocked.notices.getFirst()).startsWith("Calibrating again").contains(inTheWay.toString());
        assertThat(blocked.notices.get(2))
                .startsWith("The profile could not be cached in " + folder + " (")
                .endsWith(") and will be made again next time; set chess.cache to a folder with room");
    }
}
