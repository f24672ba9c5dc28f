package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.SessionOperators;
import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Memory while running and after closing, and files. */
final class MemoryRules {

    /** Since the start, and since anything was compiled: on a busy machine the compiler waits its turn. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final int CALLS = 200;
    private static final int ROUNDS = 300;
    private static final int COLLECTIONS = 10;

    /** Bytes of a call that a measurement itself may cost. */
    private static final long TOLERATED = 8;

    private final Subject subject;

    MemoryRules(Subject subject) {
        this.subject = subject;
    }

    private TinyModel model() {
        return TinyModel.of(subject.capabilities().someType());
    }

    /** Until compiled, vector code allocates: so it is run until it stops, and given up on only after a while. */
    void noAllocation() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Trial trial = subject.prepare(model()).orSkip();
                SessionOperators session = trial.session(KitWorkers.one())) {
            for (Operator operator : trial.operators(session)) {
                for (Phase phase : Phase.values()) {
                    Pass pass = new Pass(phase, 5, 1);
                    float[] x = operator.input(1, 4);
                    float[] y = new float[operator.outputs()];
                    long bytes = Long.MAX_VALUE;
                    Compiling compiling = new Compiling();
                    for (int round = 0; bytes > TOLERATED && (round < ROUNDS || compiling.mayGoOn()); round++) {
                        long before = threads.getCurrentThreadAllocatedBytes();
                        for (int call = 0; call < CALLS; call++) {
                            operator.call().apply(pass, x, y);
                        }
                        bytes = (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
                    }
                    if (bytes > TOLERATED) {
                        fail("%s allocates %d bytes for each row of %s".formatted(operator.key(), bytes, phase));
                    }
                }
            }
        }
    }

    /** Tells how long it is worth to wait for compiled code. */
    private static final class Compiling {

        private final CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        private final long start = System.nanoTime();
        private long millis = -1;
        private long changed = start;

        boolean mayGoOn() {
            long now = System.nanoTime();
            if (compiler != null && compiler.isCompilationTimeMonitoringSupported()) {
                long before = millis;
                millis = compiler.getTotalCompilationTime();
                changed = millis == before ? changed : now;
            }
            return now - changed < PATIENCE.toNanos() && now - start < LONGEST.toNanos();
        }
    }

    void closed() {
        Trial trial = subject.prepare(model()).orSkip();
        SessionOperators session = trial.session(KitWorkers.one());
        Runs.all(trial, session);
        session.close();
        session.close();
        trial.prepared().close();
        trial.prepared().close();
        assertThrows(
                IllegalStateException.class,
                () -> trial.session(KitWorkers.one()),
                "After close(), newSession() must throw IllegalStateException");
    }

    /** The provider itself is still in use here. */
    void released() throws IOException {
        WeakReference<?> operators = usedAndClosed();
        for (int i = 0; i < COLLECTIONS && operators.get() != null; i++) {
            System.gc();
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        assertTrue(operators.get() == null, "After close() the operators are still reachable, so their memory stays");
        Path maps = Path.of("/proc/self/maps");
        if (Files.isReadable(maps)) {
            List<String> mapped = Files.readAllLines(maps).stream()
                    .filter(line -> line.contains(subject.folder().toString()))
                    .toList();
            assertTrue(mapped.isEmpty(), () -> "After close() files are still mapped: " + mapped);
        }
    }

    private WeakReference<?> usedAndClosed() {
        try (Trial trial = subject.prepare(model()).orSkip()) {
            Runs.all(trial, KitWorkers.one());
            return new WeakReference<>(trial.prepared());
        }
    }

    void worksWithoutCache() throws IOException {
        TinyModel model = model();
        float[] expected;
        try (Trial trial = subject.prepare(model).orSkip()) {
            expected = Runs.all(trial, KitWorkers.one());
        }
        Path file = Files.writeString(subject.folder().resolve("a-file"), "in the way");
        try (Trial trial = subject.prepare(model, KitWorkers.one(), file.resolve("cache"))) {
            assertArrayEquals(
                    expected, Runs.all(trial, KitWorkers.one()),
                    "Without a usable cache folder the results are others");
        } catch (RuntimeException e) {
            fail("A cache folder that cannot be made must not matter, but", e);
        }
    }

    void cacheChangesNothing() {
        TinyModel model = model();
        float[] expected;
        try (Trial trial = subject.prepare(model).orSkip()) {
            expected = Runs.all(trial, KitWorkers.one());
        }
        try (Trial trial = subject.prepare(model)) {
            assertArrayEquals(
                    expected, Runs.all(trial, KitWorkers.one()), "With what was cached the results are others");
        }
    }

    void progress() {
        try (Trial trial = subject.prepare(model()).orSkip()) {
            List<String> faults = trial.host().progressFaults();
            assertTrue(faults.isEmpty(), () -> "Progress was reported wrongly: " + faults);
            trial.host().notices().forEach(notice -> assertTrue(
                    notice != null && !notice.isBlank() && notice.lines().count() == 1,
                    () -> "A notice is one line, not '" + notice + "'"));
        }
    }
}
