package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many sessions, one after another and at the same time. With {@code -Drobustness.tokens=100000} as many tokens are
 * written, and with {@code -Drobustness.model=FILE} by another model; figures go to stdout.
 */
class SessionsTest {

    private static final int TOKENS = Integer.getInteger("robustness.tokens", 4000);
    private static final int TOKENS_OF_A_SESSION = 40;
    private static final int SESSIONS = 8;

    @TempDir
    Path folder;

    private Model model;

    @BeforeEach
    void open() throws IOException {
        String file = System.getProperty("robustness.model");
        Path path = file != null
                ? Path.of(file)
                : Files.write(folder.resolve("model.gguf"), SmallModel.sentencePiece().bytes());
        model = Model.load(path, ModelOptions.defaults()
                .withThreads(2)
                .withProviders("chess")
                .withCacheDirectory(folder.resolve("cache")));
    }

    @AfterEach
    void close() {
        model.close();
    }

    private Session session() {
        return model.newSession(model.defaultLineup(), 64);
    }

    private static GenerationRequest request(int[] prompt, int tokens, long seed) {
        return new GenerationRequest(
                prompt, tokens, new SamplingOptions(0.8, 40, 0.95, 0, 1, 64, seed), List.of(), true);
    }

    private int[] alone(long seed, int tokens) {
        try (Session session = session()) {
            return session.generate(request(session.prompt("ab c"), tokens, seed), (id, text) -> true).ids();
        }
    }

    @Test
    void sessions_at_the_same_time_write_what_each_writes_alone() throws InterruptedException, ExecutionException {
        List<int[]> expected = new ArrayList<>();
        for (int seed = 0; seed < SESSIONS; seed++) {
            expected.add(alone(seed, TOKENS_OF_A_SESSION));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(SESSIONS)) {
            for (int round = 0; round < 5; round++) {
                List<Future<int[]>> written = new ArrayList<>();
                for (int seed = 0; seed < SESSIONS; seed++) {
                    int own = seed;
                    written.add(threads.submit(() -> alone(own, TOKENS_OF_A_SESSION)));
                }
                for (int seed = 0; seed < SESSIONS; seed++) {
                    assertThat(written.get(seed).get()).isEqualTo(expected.get(seed));
                }
            }
        }
    }

    @Test
    void a_session_cancelled_at_any_token_goes_on_as_if_it_had_not_been() {
        GenerationRequest whole;
        int[] expected;
        try (Session session = session()) {
            whole = new GenerationRequest(session.prompt("ab c"), 20, SamplingOptions.greedy(), List.of(), true);
            expected = session.generate(whole, (id, text) -> true).ids();
        }
        for (int at = 1; at < expected.length; at++) {
            int last = at;
            assertThat(continued(whole, expected.length, last, (id, text) -> false)).isEqualTo(expected);
            assertThat(continued(whole, expected.length, last, (id, text) -> {
                        throw new IllegalStateException("the connection is gone");
                    }))
                    .isEqualTo(expected);
        }
    }

    /** What is written in two goes, the first of which ends at a token by what {@code end} does. */
    private int[] continued(GenerationRequest whole, int tokens, int at, TokenSink end) {
        List<Integer> all = new ArrayList<>();
        try (Session session = session()) {
            TokenSink first = (id, text) -> {
                all.add(id);
                return all.size() < at || end.accept(id, text);
            };
            try {
                Generation cancelled = session.generate(whole, first);
                assertThat(cancelled.stop()).isEqualTo(Generation.StopReason.CANCELLED);
            } catch (IllegalStateException expected) {
                assertThat(expected).hasMessage("the connection is gone");
            }
            assertThat(all).hasSize(at);
            GenerationRequest rest = new GenerationRequest(
                    new int[0], tokens - at, SamplingOptions.greedy(), List.of(), true);
            session.generate(rest, (id, text) -> all.add(id));
        }
        return all.stream().mapToInt(id -> id).toArray();
    }

    @Test
    void what_is_closed_says_so() {
        Session session = session();
        session.close();
        session.close();
        assertThatThrownBy(() -> session.read(new int[] {1}, 0, (row, logits, offset) -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void many_sessions_leave_nothing_behind() throws IOException {
        int written = 0;
        int warm = TOKENS / 4;
        Footprint before = null;
        while (written < TOKENS) {
            if (before == null && written >= warm) {
                before = Footprint.now();
                System.out.println("after " + written + " tokens: " + before);
            }
            long seed = ThreadLocalRandom.current().nextLong();
            int cancelAt = ThreadLocalRandom.current().nextInt(TOKENS_OF_A_SESSION);
            int[] count = new int[1];
            try (Session session = session()) {
                written += session.generate(
                                request(session.prompt("ab c"), TOKENS_OF_A_SESSION, seed),
                                (id, text) -> ++count[0] != cancelAt)
                        .ids()
                        .length;
            }
        }
        Footprint after = Footprint.now();
        System.out.println("after " + written + " tokens: " + after);
        assertThat(after.heap).isLessThan(before.heap + (4 << 20));
        assertThat(after.files).isLessThanOrEqualTo(before.files + 2);
        assertThat(after.threads).isLessThanOrEqualTo(before.threads + 1);
    }

    /**
     * What this process takes.
     *
     * @param heap bytes in use after a collection
     * @param resident KiB; 0 where the system does not say
     * @param files open
     * @param threads alive
     */
    private record Footprint(long heap, long resident, long files, int threads) {

        static Footprint now() throws IOException {
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
            Path status = Path.of("/proc/self/status");
            long resident = Files.isReadable(status)
                    ? Files.readAllLines(status).stream()
                            .filter(line -> line.startsWith("RssAnon:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum()
                    : 0;
            long files = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                    ? unix.getOpenFileDescriptorCount()
                    : 0;
            return new Footprint(
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                    resident,
                    files,
                    ManagementFactory.getThreadMXBean().getThreadCount());
        }
    }
}
