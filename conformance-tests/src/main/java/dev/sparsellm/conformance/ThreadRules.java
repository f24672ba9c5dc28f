package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/** Threads are the host's. */
final class ThreadRules {

    private static final int SESSIONS = 4;
    private static final int REPETITIONS = 25;

    private final Subject subject;

    ThreadRules(Subject subject) {
        this.subject = subject;
    }

    private TinyModel model() {
        TensorType type = subject.capabilities().someType();
        return TinyModel.of(type, Dimensions.ofSeveralParts(type), ActivationFunction.SILU, 1);
    }

    /** Prepared on so many threads, too. */
    void anyNumber() {
        TinyModel model = model();
        float[] expected;
        try (Trial trial = subject.prepare(model, KitWorkers.one(), subject.folder().resolve("1")).orSkip()) {
            expected = Runs.all(trial, KitWorkers.one());
        }
        for (int threads = 2; threads <= 4; threads++) {
            int count = threads;
            try (KitWorkers workers = KitWorkers.of(threads);
                    Trial trial = subject.prepare(model, workers, subject.folder().resolve("" + threads))) {
                assertArrayEquals(expected, Runs.all(trial, workers),
                        () -> count + " threads give other bits than one");
            }
        }
    }

    void anyOrder() {
        try (Trial trial = subject.prepare(model()).orSkip()) {
            assertArrayEquals(
                    Runs.all(trial, KitWorkers.one()),
                    Runs.all(trial, KitWorkers.backwards()),
                    "Parts in backward order give other bits");
        }
    }

    /** Each session has threads of its own here, so that operators really run at the same time. */
    void sessionsAtTheSameTime() throws Exception {
        try (Trial trial = subject.prepare(model()).orSkip();
                ExecutorService executor = Executors.newFixedThreadPool(
                        SESSIONS, work -> new Thread(work, KitWorkers.THREAD_NAME + "session"))) {
            float[] alone = Runs.all(trial, KitWorkers.one());
            CyclicBarrier start = new CyclicBarrier(SESSIONS);
            List<Future<Integer>> sessions = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                sessions.add(executor.submit(() -> {
                    start.await();
                    int different = 0;
                    try (SessionOperators session = trial.session(KitWorkers.one())) {
                        for (int n = 0; n < REPETITIONS; n++) {
                            different += Arrays.equals(alone, Runs.all(trial, session)) ? 0 : 1;
                        }
                    }
                    return different;
                }));
            }
            int different = 0;
            for (Future<Integer> session : sessions) {
                try {
                    different += session.get();
                } catch (ExecutionException e) {
                    throw new AssertionError("One of " + SESSIONS + " sessions at the same time failed", e.getCause());
                }
            }
            int wrong = different;
            assertTrue(different == 0, () -> wrong + " of " + SESSIONS * REPETITIONS
                    + " runs give other results when " + SESSIONS + " sessions run at the same time");
        }
    }

    void notNested() {
        try (KitWorkers workers = KitWorkers.of(2);
                Trial trial = subject.prepare(model(), workers).orSkip()) {
            Runs.all(trial, workers);
            assertFalse(workers.wasNested(), "A region of the worker group was entered from inside a part of another");
        }
    }

    void noneOfItsOwn() {
        Set<Thread> before = live();
        try (Trial trial = subject.prepare(model()).orSkip()) {
            Runs.all(trial, KitWorkers.one());
            Set<String> started = live().stream()
                    .filter(thread -> !before.contains(thread))
                    .map(Thread::getName)
                    .collect(Collectors.toSet());
            assertTrue(started.isEmpty(), () -> "The provider has started threads of its own: " + started);
        }
    }

    /** Threads of the JVM itself belong to the group "system", or to none that has a parent. */
    private static Set<Thread> live() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getThreadGroup() != null
                        && thread.getThreadGroup().getParent() != null
                        && !thread.getThreadGroup().getName().startsWith("Innocuous")
                        && !thread.getName().startsWith(KitWorkers.THREAD_NAME))
                .collect(Collectors.toSet());
    }
}
