package dev.sparsellm.runtime.llama;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.kernels.KernelChoice;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.testing.SharedFiles;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class RopeTest {

    private static final int HEAD_DIM = 8;
    private static final int ROTATED = 6;

    /** It looked for {@code rope_freqs}, a name no file has, and had constants of its own in place of the factors. */
    @Test
    void llama3_java_regression_frequencies_are_divided_by_the_factors_of_the_file() {
        float[] factors = {1, 2.5f, 8};
        Rope rope = new Rope(config(500_000, 1), factors, 100);
        for (int position : new int[] {0, 1, 63, 99}) {
            check(rope, position, i -> position * Math.pow(500_000, -2.0 * i / ROTATED) / factors[i]);
        }
    }

    @Test
    void llama3_java_regression_factors_are_read_from_rope_freqs_weight() {
        try (Gguf file = Gguf.open(SharedFiles.require("models/types/random-2L-F32.gguf"))) {
            LlamaConfig config = LlamaConfig.of(file.metadata(), 2048);
            float[] factors = LlamaWeights.of(file, config, KernelChoice.ofThisJvm().kernels()).ropeFactors();
            assertThat(factors).hasSize(config.ropeDimensions() / 2).startsWith(1f, 1f).contains(4.5f, 5.375f, 7.125f);
        }
    }

    @Test
    void linearScalingDividesPositions() {
        Rope rope = new Rope(config(10_000, 4), new float[] {1, 1, 1}, 50);
        check(rope, 42, i -> 42 / 4.0 * Math.pow(10_000, -2.0 * i / ROTATED));
    }

    private interface Angle {
        double of(int pair);
    }

    private static void check(Rope rope, int position, Angle angle) {
        float[] x = new float[3 + 2 * HEAD_DIM];
        for (int i = 0; i < x.length; i++) {
            x[i] = i + 1;
        }
        float[] y = x.clone();
        rope.rotate(y, 3, 2, position);
        for (int head = 0; head < 2; head++) {
            int at = 3 + head * HEAD_DIM;
            for (int i = 0; i < ROTATED / 2; i++) {
                double cos = Math.cos(angle.of(i));
                double sin = Math.sin(angle.of(i));
                double even = x[at + 2 * i];
                double odd = x[at + 2 * i + 1];
                assertThat((double) y[at + 2 * i]).isCloseTo(even * cos - odd * sin, Offset.offset(1e-5));
                assertThat((double) y[at + 2 * i + 1]).isCloseTo(even * sin + odd * cos, Offset.offset(1e-5));
            }
            assertThat(y[at + ROTATED]).isEqualTo(x[at + ROTATED]);
            assertThat(y[at + ROTATED + 1]).isEqualTo(x[at + ROTATED + 1]);
        }
        assertThat(y).startsWith(1, 2, 3);
    }

    private static LlamaConfig config(double base, double scale) {
        ModelShape shape = new ModelShape(1, 2 * HEAD_DIM, 16, 2, 2, HEAD_DIM, 10, 100);
        return new LlamaConfig("test", shape, ROTATED, base, scale, 1e-5f, 0);
    }
}
