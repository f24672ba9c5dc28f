package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.compare.TextQuality;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.ProgressSink;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code perplexity} says of a lineup is what {@code compare} says of it. */
class ScoringTest {

    @TempDir
    static Path folder;

    private static Model model;
    private static Path profile;

    @BeforeAll
    static void calibrate() {
        model = Demo.open(folder);
        int[] ids = Arrays.copyOf(model.tokenizer().encodeOrdinary(DemoTexts.calibration()), 2048);
        profile = Calibrations.calibrate(model, ids, 128, folder.resolve("profile.gguf"));
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "chess", "chess:prefill=masked", "chess:method=chess:sparsity=0.7", "chess:method=cats:sparsity=0.7"
    })
    void perplexityScoresWhatTheProviderDecodes(String settings) {
        String sparse = settings + ":profile=" + profile;
        Windows windows = Windows.ofText(model.tokenizer(), DemoTexts.heldOut(), 128, 4);
        TextQuality compared = TextQuality.of(
                model, model.lineup("dense"), model.lineup(sparse), windows, ProgressSink.NONE);
        double scored = Perplexity.of(model, model.lineup(sparse), windows, ProgressSink.NONE).perplexity();
        double dense = Perplexity.of(model, model.lineup("dense"), windows, ProgressSink.NONE).perplexity();
        assertThat(dense).isCloseTo(compared.referencePerplexity(), Percentage.withPercentage(0.01));
        // Batches add up in another order, which may carry a value across a threshold.
        assertThat(scored).isCloseTo(compared.otherPerplexity(), Percentage.withPercentage(0.05));
        assertThat(Math.abs(scored - dense) / dense).isGreaterThan(0.001);
    }
}
