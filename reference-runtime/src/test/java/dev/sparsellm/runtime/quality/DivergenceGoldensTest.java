package dev.sparsellm.runtime.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * KL divergence and its kin as llama.cpp's {@code llama-perplexity --kl-divergence} gives them for the same two models and
 * text, windows of 128, eight of them. It was given the quantised models dequantised to F32, since it would round
 * activations; docs/quality.md has the commands. It keeps the reference's logarithms in 16 bits.
 */
class DivergenceGoldensTest {

    @ParameterizedTest
    @CsvSource({
        "random-2L-Q4_0.gguf,   0.119050, 0.249737, 0.111784, 54.960, 0.017191",
        "random-2L-Q4_K_M.gguf, 0.081657, 0.151317, 0.080073, 60.913, -0.061866"
    })
    void agreesWithLlamaCpp(String other, double mean, double max, double median, double sameTop, double logRatio)
            throws IOException {
        String text = Files.readString(SharedFiles.require("text/tinystories-sample.txt"));
        List<Divergence> positions = new ArrayList<>();
        try (Model a = open("random-2L-F32.gguf");
                Model b = open(other);
                Session first = a.newSession(a.lineup("dense"), 128);
                Session second = b.newSession(b.lineup("dense"), 128)) {
            Windows windows = Windows.ofText(a.tokenizer(), text, 128, 8);
            int vocab = a.description().shape().vocab();
            for (int w = 0; w < windows.count(); w++) {
                int[] ids = windows.window(w);
                float[] expected = new float[ids.length * vocab];
                first.reset();
                second.reset();
                first.read(ids, windows.firstScored(), (row, logits, offset) ->
                        System.arraycopy(logits, offset, expected, row * vocab, vocab));
                second.read(ids, windows.firstScored(), (row, logits, offset) -> {
                    if (row + 1 < ids.length) {
                        positions.add(Divergence.of(expected, row * vocab, logits, offset, vocab, ids[row + 1]));
                    }
                });
            }
        }
        double[] kl = positions.stream().mapToDouble(Divergence::kl).sorted().toArray();
        assertThat(Arrays.stream(kl).average().orElseThrow()).isCloseTo(mean, Percentage.withPercentage(0.5));
        assertThat(kl[kl.length - 1]).isCloseTo(max, Percentage.withPercentage(1));
        assertThat(kl[kl.length / 2]).isCloseTo(median, Percentage.withPercentage(1));
        // One of 504 positions is 0.2 %.
        assertThat(100.0 * positions.stream().filter(Divergence::sameTop).count() / kl.length)
                .isCloseTo(sameTop, within(0.25));
        assertThat(positions.stream().mapToDouble(d -> d.otherLoss() - d.referenceLoss()).average().orElseThrow())
                .isCloseTo(logRatio, within(2e-4));
    }

    private static Model open(String name) {
        return Model.load(SharedFiles.require("models/types/" + name), ModelOptions.defaults().withThreads(2));
    }
}
