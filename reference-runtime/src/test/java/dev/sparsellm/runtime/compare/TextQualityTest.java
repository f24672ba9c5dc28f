package dev.sparsellm.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.Generation.StopReason;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.plugin.Plugins;
import dev.sparsellm.runtime.plugin.ThinningProvider;
import dev.sparsellm.runtime.quality.Divergence;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import dev.sparsellm.testing.SharedFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextQualityTest {

    @Test
    void scoresWhatPerplexityScores(@TempDir Path folder) throws Exception {
        Path file = SharedFiles.require("models/stories260K.gguf");
        Plugins.with(ThinningProvider.class, folder, () -> {
            try (Model model = Model.load(file, ModelOptions.defaults().withThreads(2))) {
                String text = "One day a girl met a dog. The dog was sad and wanted a friend to play with. ".repeat(12);
                Windows windows = Windows.ofText(model.tokenizer(), text, 64, 3);
                TextQuality quality = TextQuality.of(
                        model, model.lineup("dense"), model.lineup("thinning"), windows, ProgressSink.NONE);
                double expected = Perplexity.of(model, model.lineup("dense"), windows, ProgressSink.NONE).perplexity();
                assertThat(quality.positions()).hasSize(3 * windows.scoredPerWindow());
                assertThat(quality.referencePerplexity()).isCloseTo(expected, within(1e-4 * expected));
                assertThat(quality.otherPerplexity()).isNotCloseTo(expected, within(1e-3 * expected));
                Perplexity thinned = Perplexity.of(model, model.lineup("thinning"), windows, ProgressSink.NONE);
                assertThat(quality.otherPerplexity())
                        .as("perplexity runs scored tokens as decoding")
                        .isCloseTo(thinned.perplexity(), within(1e-4 * expected));
                assertThat(thinned.scoredUsages().values()).allSatisfy(usage -> {
                    assertThat(usage.rows()).isEqualTo(3L * windows.scoredPerWindow());
                    assertThat(usage.sparsity()).isEqualTo(0.5);
                });
                assertThat(quality.referenceUsage().values()).containsOnly(Usage.NONE);
                assertThat(quality.otherUsage()).hasSize(15).allSatisfy((key, usage) -> {
                    assertThat(usage.decodeRows()).isEqualTo(3L * windows.scoredPerWindow());
                    assertThat(usage.rows()).isEqualTo(usage.decodeRows());
                    assertThat(usage.sparsity()).isEqualTo(0.5);
                });
                return null;
            }
        });
    }

    @Test
    void divergenceIsThatOfTheTwoDistributions() {
        float[] reference = {0, (float) Math.log(3), 0};
        float[] other = {9, 0, 0, (float) Math.log(2)};
        Divergence divergence = Divergence.of(reference, 0, other, 1, 3, 2);
        // p = (0.2, 0.6, 0.2), q = (0.25, 0.25, 0.5)
        double kl = 0.2 * Math.log(0.2 / 0.25) + 0.6 * Math.log(0.6 / 0.25) + 0.2 * Math.log(0.2 / 0.5);
        assertThat(divergence.kl()).isCloseTo(kl, within(1e-6));
        assertThat(divergence.sameTop()).isFalse();
        assertThat(divergence.referenceLoss()).isCloseTo(-Math.log(0.2), within(1e-6));
        assertThat(divergence.otherLoss()).isCloseTo(-Math.log(0.5), within(1e-6));
    }

    @Test
    void quantilesAreTheSmallestValueThatSoManyDoNotExceed() {
        List<Divergence> positions =
                IntStream.rangeClosed(1, 200).mapToObj(i -> new Divergence(i, i % 2 == 0, 0, 0)).toList();
        TextQuality quality = new TextQuality(positions, new TreeMap<>(), new TreeMap<>());
        assertThat(quality.klQuantile(0.99)).isEqualTo(198);
        assertThat(quality.klQuantile(1)).isEqualTo(200);
        assertThat(quality.klQuantile(0)).isEqualTo(1);
        assertThat(quality.meanKl()).isEqualTo(100.5);
        assertThat(quality.sameTop()).isEqualTo(0.5);
        assertThat(new TextQuality(List.of(), new TreeMap<>(), new TreeMap<>()).klQuantile(0.99)).isNaN();
    }

    @Test
    void theRatioOfSpeedsIsTakenWithinRounds() {
        SideBySide writing = new SideBySide(side(List.of(10.0, 20.0, 40.0), 1, 2, 3), side(List.of(20.0, 30.0, 40.0), 1, 2, 4));
        assertThat(writing.speedRatios()).containsExactly(2.0, 1.5, 1.0);
        assertThat(writing.speedRatio()).isEqualTo(1.5);
        assertThat(writing.firstDifference()).isEqualTo(2);
        assertThat(writing.a().medianTokensPerSecond()).isEqualTo(20);
    }

    private static SideBySide.Side side(List<Double> speeds, int... ids) {
        return new SideBySide.Side(new Generation("", ids, 1, 1, 1, StopReason.LENGTH), speeds, new TreeMap<>());
    }

    @Test
    void layersWithoutCountsAreNotZeroButUnknown() {
        OperatorKey query = new OperatorKey(dev.sparsellm.spi.OperatorKind.ATTENTION_QUERY, 1);
        List<LayerSparsity> layers = LayerSparsity.of(2, Map.of(query, new Usage(4, 10, 40, 0, 0, 4)));
        assertThat(layers.getFirst().counted()).isFalse();
        assertThat(layers.get(1).query()).isEqualTo(0.75);
        assertThat(layers.get(1).feedForward()).isNaN();
    }
}
