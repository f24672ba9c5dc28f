package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} while a model calibrates itself and repacks its weights: the next start works, and comes to the same
 * bytes. As many times as {@code -Drobustness.kills=200} says, of another model with {@code -Drobustness.model=FILE}.
 */
class KillTest {

    private static final int KILLS = Integer.getInteger("robustness.kills", 2);

    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    @TempDir
    Path folder;

    private final Random random = new Random(2);
    private final Map<String, Integer> found = new TreeMap<>();

    @Test
    void the_next_start_works_wherever_the_one_before_was_killed() throws IOException, InterruptedException {
        Path model = System.getProperty("robustness.model") != null
                ? Path.of(System.getProperty("robustness.model"))
                : Files.write(folder.resolve("model.gguf"), SmallModel.sentencePiece().bytes());
        Path reference = folder.resolve("reference");
        String expected = KilledStart.write(model, reference);
        Map<String, byte[]> files = files(reference);
        assertThat(files).hasSize(2);
        long calibrating = nanosOf(model, folder.resolve("timed"));
        for (int kill = 0; kill < KILLS; kill++) {
            Path cache = Files.createDirectory(folder.resolve("cache" + kill));
            boolean calibrated = kill % 2 == 1;
            boolean amidWriting = kill % 4 < 2;
            if (calibrated) { // so that repacking comes at once
                Path profile = files.keySet().stream()
                        .filter(f -> f.endsWith(".gguf"))
                        .map(Path::of)
                        .findAny()
                        .orElseThrow();
                Files.copy(reference.resolve(profile), cache.resolve(profile));
            }
            killOnce(model, cache, amidWriting, calibrated ? calibrating / 20 : calibrating);
            assertThat(KilledStart.write(model, cache)).isEqualTo(expected);
            Map<String, byte[]> now = files(cache);
            files.forEach((name, bytes) -> assertThat(now.get(name)).as(name).isEqualTo(bytes));
            now.keySet().removeAll(files.keySet());
            // Left over is at most the temporary file of a profile, to be swept up once it is old.
            assertThat(now.keySet()).allMatch(name -> name.matches("\\.chess-profile-.*\\.tmp")).hasSizeLessThan(2);
            deleteAll(cache);
        }
        System.out.println(KILLS + " kills, within " + calibrating / 1_000_000 + " ms of first use; left behind were "
                + found);
    }

    private Process start(Path model, Path cache) throws IOException {
        return new ProcessBuilder(
                        JAVA, "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dsparsellm.vectorBits=0", "-cp",
                        System.getProperty("java.class.path"), KilledStart.class.getName(), model.toString(),
                        cache.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private long nanosOf(Path model, Path cache) throws IOException, InterruptedException {
        Process process = start(model, cache);
        try (BufferedReader out = out(process)) {
            assertThat(out.readLine()).isEqualTo(KilledStart.BEGIN);
            long start = System.nanoTime();
            assertThat(out.readLine()).isEqualTo(KilledStart.END);
            long nanos = System.nanoTime() - start;
            assertThat(process.waitFor()).isZero();
            return nanos;
        }
    }

    /**
     * Kills at a random moment.
     *
     * @param amidWriting as soon as there is a temporary file, or a little later; else within so many nanoseconds
     */
    private void killOnce(Path model, Path cache, boolean amidWriting, long within)
            throws IOException, InterruptedException {
        Process process = start(model, cache);
        try (BufferedReader out = out(process)) {
            assertThat(out.readLine()).isEqualTo(KilledStart.BEGIN);
            if (amidWriting) {
                while (process.isAlive()
                        && files(cache, false).keySet().stream().noneMatch(name -> name.endsWith(".tmp"))) {
                    Thread.onSpinWait();
                }
                Thread.sleep(random.nextInt(3));
            } else {
                Thread.sleep(Duration.ofNanos((long) (random.nextDouble() * within)));
            }
            process.destroyForcibly();
            process.waitFor();
        }
        String left = files(cache).keySet().stream()
                .map(name -> name.endsWith(".tmp")
                        ? "temporary file"
                        : name.contains("profile") ? "profile" : "weights")
                .collect(Collectors.joining(" and "));
        found.merge(left.isEmpty() ? "nothing" : left, 1, Integer::sum);
    }

    private static BufferedReader out(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** All but locks, by name. */
    private static Map<String, byte[]> files(Path cache) throws IOException {
        return files(cache, true);
    }

    private static Map<String, byte[]> files(Path cache, boolean read) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        if (Files.isDirectory(cache)) {
            try (Stream<Path> all = Files.list(cache)) {
                for (Path file : (Iterable<Path>) all.filter(f -> !f.toString().endsWith(".lock"))::iterator) {
                    files.put(file.getFileName().toString(), read ? Files.readAllBytes(file) : new byte[0]);
                }
            }
        }
        return files;
    }

    private static void deleteAll(Path cache) throws IOException {
        try (Stream<Path> all = Files.list(cache)) {
            for (Path file : all.collect(Collectors.toCollection(java.util.ArrayList::new))) {
                Files.delete(file);
            }
        }
        Files.delete(cache);
    }
}
