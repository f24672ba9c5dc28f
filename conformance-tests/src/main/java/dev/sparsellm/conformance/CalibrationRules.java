package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Report;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.TextRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/** What a provider learns from text. */
final class CalibrationRules {

    private static final int WINDOW = 8;
    private static final int WINDOWS = 6;

    /** Windows after which a calibration is broken off. */
    private static final int[] BREAKS = {1, 4};

    private static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final Subject subject;
    private final Calibratable provider;
    private final TinyModel model;
    private final int[] ids;

    /** Ends the test as skipped where the provider does not learn. */
    CalibrationRules(Subject subject) {
        this.subject = subject;
        Assumptions.assumeTrue(subject.provider() instanceof Calibratable, "the provider does not learn");
        provider = (Calibratable) subject.provider();
        model = TinyModel.of(subject.capabilities().someType());
        SplittableRandom random = new SplittableRandom(5);
        // With the begin mark, and some that do not fill a window.
        ids = random.ints(WINDOW * WINDOWS + 2, 1, model.embedding().length).toArray();
    }

    void equalRequestsGiveEqualBytes() throws IOException {
        byte[] expected = profile("once", 1);
        int[] text = ids.clone();
        for (int threads = 1; threads <= 3; threads++) {
            assertArrayEquals(expected, profile("threads-" + threads, threads),
                    "The same calibration on " + threads + " threads gives another profile");
        }
        assertArrayEquals(text, ids, "The request's ids were changed");
        byte[] some = calibrate(host(KitWorkers.one()), request("some", ids, WINDOW, 3 * WINDOW, 0, 1, false));
        assertFalse(Arrays.equals(expected, some), "Half of the text gives the same profile as all of it");
    }

    void shardsMakeOne() throws IOException {
        byte[] expected = profile("whole", 1);
        Path[] shards = new Path[3];
        for (int shard = 0; shard < shards.length; shard++) {
            CalibrationRequest request = request("shard-" + shard, ids, WINDOW, 0, shard, shards.length, false);
            calibrate(host(KitWorkers.one()), request);
            shards[shard] = request.output();
        }
        int[][] orders = {{0, 1, 2}, {2, 0, 1}, {1, 2, 0}};
        for (int[] order : orders) {
            Path merged = subject.folder().resolve("merged");
            provider.mergeProfiles(Arrays.stream(order).mapToObj(shard -> shards[shard]).toList(), merged);
            assertArrayEquals(expected, Files.readAllBytes(merged), "The profiles of shards, merged in order "
                    + Arrays.toString(order) + ", are not that of the whole text");
        }
    }

    void interruptionsLeaveNoTrace() throws IOException {
        byte[] expected = profile("whole", 1);
        for (int windows : BREAKS) {
            goesOn(expected, "failed-" + windows, windows, () -> {
                throw new Failure();
            });
            goesOn(expected, "interrupted-" + windows, windows, () -> Thread.currentThread().interrupt());
        }
    }

    private void goesOn(byte[] expected, String name, int windows, Runnable trouble) throws IOException {
        CalibrationRequest request = request(name, ids, WINDOW, 0, 0, 1, true);
        try {
            calibrate(host(KitWorkers.one(), windows, trouble), request);
        } catch (ProviderException | Failure broken) {
            // Broken off, as it should be.
        } finally {
            Thread.interrupted();
        }
        assertArrayEquals(expected, calibrate(host(KitWorkers.one()), request),
                "A calibration (" + name + ") that was broken off and resumed gives another profile");
    }

    void nonsenseIsRefused() throws IOException {
        KitHost host = host(KitWorkers.one());
        refused("a text that fills no window", host, request("short", Arrays.copyOf(ids, WINDOW - 2), WINDOW, 0, 0, 1,
                false));
        refused("a window longer than the host runs", host, request("long", ids, KitText.MAX_WINDOW + 1, 0, 0, 1, false));
        refused("a folder that is not there", host, new CalibrationRequest(
                ids, WINDOW, 0, 0, 0, 1, subject.folder().resolve("no/such/folder"), false));
        Path whole = request("whole", ids, WINDOW, 0, 0, 1, false).output();
        profile("whole", 1);
        Path noise = Files.write(subject.folder().resolve("noise"), new byte[] {'n', 'o', 'n', 'e', 0, -1, 7, 7});
        Path gone = subject.folder().resolve("gone");
        Path output = subject.folder().resolve("output");
        Path others = othersProfile();
        for (List<Path> pair : List.of(
                List.of(whole, noise), List.of(whole, gone), List.of(whole, others), List.of(whole, whole))) {
            refused("merging of " + pair, () -> provider.mergeProfiles(pair, output));
            assertFalse(Files.exists(output), () -> "Merging " + pair + " failed, and left a profile");
        }
    }

    /** Of another model. */
    private Path othersProfile() throws IOException {
        TensorType type = subject.capabilities().someType();
        TinyModel other = TinyModel.of(type, Dimensions.some(type), ActivationFunction.SILU, 2);
        CalibrationRequest request = request("others", ids, WINDOW, 0, 0, 1, false);
        provider.calibrate(other.description(), host(other, KitWorkers.one()), request);
        return request.output();
    }

    private void refused(String what, KitHost host, CalibrationRequest request) {
        refused(what, () -> provider.calibrate(model.description(), host, request));
        assertFalse(Files.exists(request.output()), () -> "Of " + what + " nothing can be learnt, but there is a profile");
    }

    private static void refused(String what, Runnable call) {
        ProviderException refusal = assertThrows(
                ProviderException.class, call::run, () -> "A ProviderException should refuse " + what);
        assertTrue(refusal.getMessage() != null && !refusal.getMessage().isBlank(),
                () -> "The refusal of " + what + " has no message");
    }

    void describes() throws IOException {
        byte[] before = profile("whole", 1);
        Path profile = subject.folder().resolve("whole");
        Report report = provider.describeProfile(profile, subject.settings());
        assertFalse(report.facts().isEmpty() && report.tables().isEmpty(), "Of a profile just made nothing is said");
        assertArrayEquals(before, Files.readAllBytes(profile), "Describing a profile changed it");
        Path cut = Files.write(subject.folder().resolve("cut"), Arrays.copyOf(before, before.length / 2));
        refused("half a profile", () -> provider.describeProfile(cut, subject.settings()));
    }

    private byte[] profile(String name, int threads) throws IOException {
        try (KitWorkers workers = KitWorkers.of(threads)) {
            return calibrate(host(workers), request(name, ids, WINDOW, 0, 0, 1, false));
        }
    }

    private byte[] calibrate(KitHost host, CalibrationRequest request) throws IOException {
        provider.calibrate(model.description(), host, request);
        return Files.readAllBytes(request.output());
    }

    private CalibrationRequest request(
            String name, int[] text, int window, long tokens, int shard, int shards, boolean resume) {
        return new CalibrationRequest(
                text, window, tokens, 0, shard, shards, subject.folder().resolve(name), resume);
    }

    private KitHost host(KitWorkers workers) {
        return host(model, workers);
    }

    private KitHost host(TinyModel of, KitWorkers workers) {
        return new KitHost(of, workers, subject.dense().apply(of.description(), new KitDense(of.description(),
                new Matrices())), subject.folder().resolve("cache"));
    }

    /** A host that has trouble when so many windows have been run. */
    private KitHost host(KitWorkers workers, int windows, Runnable trouble) {
        AtomicInteger left = new AtomicInteger(windows);
        return host(workers).withText(sound -> new Interrupted(sound, left, trouble));
    }

    private record Interrupted(TextRunner sound, AtomicInteger left, Runnable trouble) implements TextRunner {

        @Override
        public int[] tokenize(String text) {
            return sound.tokenize(text);
        }

        @Override
        public OptionalInt beginOfText() {
            return sound.beginOfText();
        }

        @Override
        public int maxWindow() {
            return sound.maxWindow();
        }

        @Override
        public SessionContext context() {
            return sound.context();
        }

        @Override
        public void run(int[] ids, SessionOperators operators, LogitsConsumer logits) {
            if (left.getAndDecrement() == 0) {
                trouble.run();
            }
            sound.run(ids, operators, logits);
        }
    }
}
