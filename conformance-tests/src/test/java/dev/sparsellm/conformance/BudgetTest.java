package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.chess.PinnedBudget;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.compare.TextQuality;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.AllocationRequest;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.Usage;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A budget costs less than one share for all on a text that nothing was chosen on, and leaves out no fewer bytes, at 40, 50
 * and 60 % of the bytes that can be left out. The search takes many minutes: budgets that it found are stored in
 * {@code budgets.json}, and compared each time. With the system property {@code sparsellm.test.budgets=40,50,60} it is run
 * anew, at these levels, and prints what to store; docs/quality.md says what text it reads.
 */
class BudgetTest {

    private static final int WINDOW = 256;

    @TempDir
    static Path folder;

    /**
     * A model, what it learnt, what a budget is chosen on, and what is scored.
     *
     * @param name in {@code budgets.json}
     * @param tokens of {@code choosing} that are read
     * @param documented whether docs/quality.md has the figures of just this text
     */
    private record Subject(
            String name, Model model, Path profile, int[] choosing, int tokens, Windows heldOut, boolean documented) {}

    @Test
    void storedBudgetsBeatOneShareForAllOnTheDemoModel() throws IOException {
        try (Model model = openDemo()) {
            compareStored(demo(model, 4));
        }
    }

    @Test
    void storedBudgetsBeatOneShareForAllOnStories260K() throws IOException {
        try (Model model = openStories()) {
            compareStored(stories(model));
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "sparsellm.test.budgets", matches = ".+")
    void budgetsFoundAnewBeatOneShareForAllOnTheDemoModel() throws IOException {
        try (Model model = openDemo()) {
            search(demo(model, 32));
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "sparsellm.test.budgets", matches = ".+")
    void budgetsFoundAnewBeatOneShareForAllOnStories260K() throws IOException {
        try (Model model = openStories()) {
            search(stories(model));
        }
    }

    @Test
    void targetsOfPerplexityAndDivergenceAreMetAndBadOnesRefused() {
        try (Model model = openDemo()) {
            int[] text = Arrays.copyOf(model.tokenizer().encodeOrdinary(DemoTexts.calibration()), 512);
            Path profile = Calibrations.calibrate(model, text, 256, folder.resolve("targets.gguf"));
            int[] few = Arrays.copyOf(text, 64);
            assertThatThrownBy(() -> allocate(model, profile, few, 64, 0, "speed=2", folder.resolve("none")))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContainingAll("speed=2", "ppl=+1%", "kl=0.02", "skip=40%");
            assertThatThrownBy(() -> model.lineup("chess:sparsity=auto:profile=" + profile))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContainingAll("auto", "calibrate --target");
            Path output = folder.resolve("kl.gguf");
            allocate(model, profile, few, 64, 0, "kl=0.01", output);
            // The very windows it was found on, of which the search scores somewhat more positions.
            TextQuality quality = TextQuality.of(
                    model,
                    model.lineup("dense"),
                    model.lineup("chess:sparsity=auto:prefill=masked:profile=" + output),
                    Windows.ofIds(model.tokenizer(), few, 64, 1),
                    ProgressSink.NONE);
            assertThat(quality.meanKl()).isBetween(0.003, 0.02);
        }
    }

    private static void compareStored(Subject subject) throws IOException {
        JsonNode levels = stored().get(subject.name());
        assertThat(levels).hasSize(3);
        for (var level : levels.properties()) {
            float[] shares = new ObjectMapper().convertValue(level.getValue().get("shares"), float[].class);
            Path pinned = PinnedBudget.write(
                    subject.profile(), shares, folder.resolve(subject.name() + level.getKey() + ".gguf"));
            Perplexity budget = perplexity(subject, "auto", pinned);
            Perplexity uniform = perplexity(subject, level.getValue().get("uniform").asText(), subject.profile());
            System.out.printf(
                    Locale.ROOT, "%s, %s %%: perplexity %.3f, one share for all %.3f; %.1f and %.1f %% skipped%n",
                    subject.name(), level.getKey(), budget.perplexity(), uniform.perplexity(),
                    100 * skipped(subject, budget.scoredUsages()), 100 * skipped(subject, uniform.scoredUsages()));
            assertThat(budget.perplexity()).isLessThan(uniform.perplexity());
            if (subject.documented()) {
                String row = subject.name() + ", " + level.getKey() + " %";
                assertThat(uniform.perplexity()).isCloseTo(Documented.quality(row, 1), withinPercentage(0.5));
                assertThat(budget.perplexity()).isCloseTo(Documented.quality(row, 2), withinPercentage(0.5));
            }
            // Equal on the text of the search's test, of which this may be a part.
            assertThat(skipped(subject, budget.scoredUsages()))
                    .isCloseTo(Integer.parseInt(level.getKey()) / 100.0, within(0.015))
                    .isGreaterThan(skipped(subject, uniform.scoredUsages()) - 0.003);
        }
    }

    private static JsonNode stored() throws IOException {
        try (InputStream in = BudgetTest.class.getResourceAsStream("budgets.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static void search(Subject subject) {
        for (String level : System.getProperty("sparsellm.test.budgets").split(",")) {
            Path output = folder.resolve(subject.name() + "-found-" + level + ".gguf");
            allocate(subject.model(), subject.profile(), subject.choosing(), WINDOW, subject.tokens(), "skip=" + level + "%", output);
            TextQuality auto = quality(subject, "auto", output);
            // One share for all, a hair lower until it leaves out no more on this text.
            double share = Integer.parseInt(level) / 100.0 + 0.015;
            TextQuality uniform;
            do {
                share -= 0.0025;
                uniform = quality(subject, String.format(Locale.ROOT, "%.4f", share), subject.profile());
            } while (skipped(subject, uniform.otherUsage()) > skipped(subject, auto.otherUsage()));
            System.out.printf(
                    Locale.ROOT,
                    "%s, %s %%: KL %.4f, perplexity %.3f, one share for all %.4f and %.3f; %.1f and %.1f %% skipped%n"
                            + "\"%s\": {\"uniform\": %.4f, \"shares\": %s}%n",
                    subject.name(), level, auto.meanKl(), auto.otherPerplexity(), uniform.meanKl(), uniform.otherPerplexity(),
                    100 * skipped(subject, auto.otherUsage()), 100 * skipped(subject, uniform.otherUsage()), level, share,
                    Arrays.toString(PinnedBudget.read(output)));
            assertThat(auto.meanKl()).isLessThan(uniform.meanKl());
            assertThat(auto.otherPerplexity()).isLessThan(uniform.otherPerplexity());
            assertThat(skipped(subject, auto.otherUsage())).isGreaterThan(Integer.parseInt(level) / 100.0 - 0.03);
        }
    }

    private static String chess(String sparsity, Path profile) {
        return "chess:prefill=masked:sparsity=" + sparsity + ":profile=" + profile;
    }

    private static Perplexity perplexity(Subject subject, String sparsity, Path profile) {
        Model model = subject.model();
        return Perplexity.of(model, model.lineup(chess(sparsity, profile)), subject.heldOut(), ProgressSink.NONE);
    }

    private static TextQuality quality(Subject subject, String sparsity, Path profile) {
        Model model = subject.model();
        return TextQuality.of(
                model, model.lineup("dense"), model.lineup(chess(sparsity, profile)), subject.heldOut(), ProgressSink.NONE);
    }

    /** Share of the bytes of up, down, Q and O that generation need not read, by the channels that were left out. */
    private static double skipped(Subject subject, Map<OperatorKey, Usage> usages) {
        List<LayerWeights> layers = subject.model().description().layers();
        double saved = 0;
        double all = 0;
        for (int layer = 0; layer < layers.size(); layer++) {
            LayerWeights weights = layers.get(layer);
            Map<OperatorKind, Double> bytes = Map.of(
                    OperatorKind.FEED_FORWARD, bytes(weights.up()) + bytes(weights.down()),
                    OperatorKind.ATTENTION_QUERY, bytes(weights.query()),
                    OperatorKind.ATTENTION_OUTPUT, bytes(weights.attentionOutput()));
            for (OperatorKind kind : bytes.keySet()) {
                saved += bytes.get(kind) * usages.getOrDefault(new OperatorKey(kind, layer), Usage.NONE).sparsity();
                all += bytes.get(kind);
            }
        }
        return saved / all;
    }

    private static double bytes(Tensor tensor) {
        return tensor.data().byteSize();
    }

    private static Subject demo(Model model, int windows) {
        int[] text = model.tokenizer().encodeOrdinary(DemoTexts.calibration());
        Windows heldOut = Windows.ofText(model.tokenizer(), DemoTexts.heldOut(), WINDOW, windows);
        return new Subject("demo", model, Demo.profile(), text, 2048, heldOut, false);
    }

    private static Subject stories(Model model) throws IOException {
        Path profile = Calibrations.calibrate(
                model, SharedFiles.ids("goldens/stories260K.calib.ids"), WINDOW, folder.resolve("stories260K.gguf"));
        byte[] text = Files.readAllBytes(SharedFiles.require("text/tinystories-sample.txt"));
        // Far from its beginning, which is what the ids of the goldens were made of.
        String choosing = new String(text, text.length - 200_000, 200_000, StandardCharsets.UTF_8);
        int[] scored = SharedFiles.ids("goldens/stories260K.eval.ids");
        return new Subject(
                "stories260K", model, profile, model.tokenizer().encodeOrdinary(choosing), 8192,
                Windows.ofIds(model.tokenizer(), scored, WINDOW, Integer.MAX_VALUE), true);
    }

    private static void allocate(Model model, Path profile, int[] ids, int window, int tokens, String target, Path output) {
        Calibrations.chess(model).allocate(
                model.description(),
                model.host(),
                Settings.defaults(model.providers().require("chess").provider().settings()),
                new AllocationRequest(profile, ids, window, tokens, 0, target, output));
    }

    private static Model openDemo() {
        return Model.load(DemoModel.locate(folder).orElseThrow(), options());
    }

    private static Model openStories() {
        return Model.load(SharedFiles.require("models/stories260K.gguf"), options());
    }

    private static ModelOptions options() {
        return ModelOptions.defaults().withCacheDirectory(folder).withThreads(1);
    }
}
