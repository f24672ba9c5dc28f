package dev.sparsellm.kernels.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.spi.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFingerprintTest {

    private static final int SIZE = 100_000; // floats: larger than all samples of a tensor

    @TempDir
    Path folder;

    private Path model(String name, float[] weights) throws IOException {
        Path file = folder.resolve("model.gguf");
        new GgufWriter().string("general.name", name)
                .tensor("w", TensorType.F32, List.of((long) SIZE), GgufWriter.Body.of(MemorySegment.ofArray(weights)))
                .write(file);
        return file;
    }

    private static String fingerprint(Path file) {
        try (Gguf gguf = Gguf.open(file)) {
            return ModelFingerprint.of(gguf);
        }
    }

    private static float[] weights(long seed) {
        Random random = new Random(seed);
        float[] weights = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            weights[i] = random.nextFloat();
        }
        return weights;
    }

    @Test
    void equal_files_have_equal_fingerprints_wherever_they_lie() throws IOException {
        Path file = model("m", weights(1));
        Path copy = Files.copy(file, folder.resolve("copy.gguf"));
        assertThat(fingerprint(file)).matches("[0-9a-f]{32}").isEqualTo(fingerprint(copy));
    }

    @Test
    void another_name_or_other_weights_give_another_fingerprint() throws IOException {
        String original = fingerprint(model("m", weights(1)));
        assertThat(fingerprint(model("n", weights(1)))).isNotEqualTo(original);
        float[] trained = weights(1);
        for (int i = 0; i < SIZE; i += 100) {
            trained[i] *= 1.001f;
        }
        assertThat(fingerprint(model("m", trained))).isNotEqualTo(original);
        float[] first = weights(1);
        first[0]++;
        assertThat(fingerprint(model("m", first))).isNotEqualTo(original);
        float[] last = weights(1);
        last[SIZE - 1]++;
        assertThat(fingerprint(model("m", last))).isNotEqualTo(original);
        assertThat(fingerprint(model("m", weights(1)))).isEqualTo(original);
    }

    @Test
    void a_longer_file_has_another_fingerprint() throws IOException {
        Path file = model("m", weights(1));
        String original = fingerprint(file);
        Files.write(file, new byte[32], StandardOpenOption.APPEND);
        assertThat(fingerprint(file)).isNotEqualTo(original);
    }

    @Test
    void a_tensor_smaller_than_the_samples_counts_with_every_byte() throws IOException {
        float[] small = new float[16 * 1024];
        Path file = folder.resolve("small.gguf");
        String original = null;
        for (int change : new int[] {-1, 5000, 16383}) {
            float[] weights = small.clone();
            if (change >= 0) {
                weights[change] = 1;
            }
            new GgufWriter().tensor("w", TensorType.F32, List.of((long) weights.length),
                    GgufWriter.Body.of(MemorySegment.ofArray(weights))).write(file);
            if (change < 0) {
                original = fingerprint(file);
            } else {
                assertThat(fingerprint(file)).isNotEqualTo(original);
            }
        }
    }
}
