package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.compare.TextQuality;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.AllocationRequest;
import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A budget found on the calibration's text costs less than one share for all on another text, and leaves out no fewer
 * bytes. The search takes minutes, so that is asked only with the system property
 * {@code sparsellm.test.budgets=40,50,60}, at these levels of both models; {@code sparsellm.test.budget.tokens} says on how
 * much text to choose. On stories260K it does not hold yet: see docs/quality.md.
 */
class BudgetTest {

    private static final int[] LEVELS = Stream.of(System.getProperty("sparsellm.test.budgets", "50").split(","))
            .mapToInt(Integer::parseInt)
            .toArray();

    private static final int TOKENS = Integer.getInteger("sparsellm.test.budget.tokens", 512);

    @TempDir
    static Path folder;

    @Test
    @EnabledIfSystemProperty(named = "sparsellm.test.budgets", matches = ".+")
    void beatsOneShareForAllOnTheDemoModel() {
        try (Model model = Model.load(DemoModel.locate(folder).orElseThrow(), options())) {
            int[] calibration = model.tokenizer().encodeOrdinary(DemoTexts.calibration());
            Path profile = calibrate(model, "demo", Arrays.copyOf(calibration, 16384));
            Windows heldOut = Windows.ofText(model.tokenizer(), DemoTexts.heldOut(), 256, 16);
            for (int level : LEVELS) {
                check(model, profile, calibration, heldOut, level);
            }
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "sparsellm.test.budgets", matches = ".+")
    void beatsOneShareForAllOnStories260K() throws IOException {
        try (Model model = Model.load(SharedFiles.require("models/stories260K.gguf"), options())) {
            int[] calibration = SharedFiles.ids("goldens/stories260K.calib.ids");
            Path profile = calibrate(model, "stories", calibration);
            Windows heldOut = Windows.ofIds(
                    model.tokenizer(), SharedFiles.ids("goldens/stories260K.eval.ids"), 256, Integer.MAX_VALUE);
            for (int level : LEVELS) {
                check(model, profile, calibration, heldOut, level);
            }
        }
    }

    @Test
    void targetsOfPerplexityAndDivergenceAreMetAndBadOnesRefused() {
        try (Model model = Model.load(DemoModel.locate(folder).orElseThrow(), options())) {
            int[] text = Arrays.copyOf(model.tokenizer().encodeOrdinary(DemoTexts.calibration()), 512);
            Path profile = calibrate(model, "targets", text);
            assertThatThrownBy(() -> allocate(model, profile, text, 128, "speed=2", folder.resolve("none")))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContainingAll("speed=2", "ppl=+1%", "kl=0.02", "skip=40%");
            assertThatThrownBy(() -> model.lineup("chess:sparsity=auto:profile=" + profile))
                    .isInstanceOf(ProviderException.class)
                    .hasMessageContainingAll("auto", "calibrate --target");
            Path output = folder.resolve("kl.gguf");
            allocate(model, profile, text, 128, "kl=0.01", output);
            Windows windows = Windows.ofIds(model.tokenizer(), text, 128, 1);
            TextQuality quality = TextQuality.of(
                    model,
                    model.lineup("dense"),
                    model.lineup("chess:sparsity=auto:prefill=masked:profile=" + output),
                    windows,
                    ProgressSink.NONE);
            // The very window it was found on.
            assertThat(quality.meanKl()).isBetween(0.003, 0.0105);
        }
    }

    private static void check(Model model, Path profile, int[] calibration, Windows heldOut, int level) {
        Path output = folder.resolve("budget-" + model.description().fingerprint() + "-" + level + ".gguf");
        allocate(model, profile, calibration, TOKENS, "skip=" + level + "%", output);
        TextQuality auto = score(model, "chess:sparsity=auto:prefill=masked:profile=" + output, heldOut);
        // One share for all, a hair lower until it leaves out no more on this text.
        double share = level / 100.0 + 0.01;
        TextQuality uniform;
        do {
            share -= 0.005;
            uniform = score(model, "chess:sparsity=%.3f:prefill=masked:profile=%s".formatted(share, profile), heldOut);
        } while (skipped(model, uniform) > skipped(model, auto));
        System.out.printf(
                Locale.ROOT,
                "%s, skip=%d%%: KL %.4f and perplexity %.3f, one share for all (%.3f) %.4f and %.3f; %.1f and %.1f %% skipped%n",
                model.description().name(), level, auto.meanKl(), auto.otherPerplexity(), share, uniform.meanKl(),
                uniform.otherPerplexity(), 100 * skipped(model, auto), 100 * skipped(model, uniform));
        assertThat(auto.meanKl()).isLessThan(uniform.meanKl());
        assertThat(auto.otherPerplexity()).isLessThan(uniform.otherPerplexity());
        assertThat(skipped(model, auto)).isGreaterThan(level / 100.0 - 0.03);
    }

    private static TextQuality score(Model model, String providers, Windows windows) {
        return TextQuality.of(model, model.lineup("dense"), model.lineup(providers), windows, ProgressSink.NONE);
    }

    /** Share of the bytes of up, down, Q and O that are not read. */
    private static double skipped(Model model, TextQuality quality) {
        double saved = quality.otherUsage().values().stream()
                .mapToDouble(usage -> (double) (usage.bytesDense() - usage.bytesRead()) / usage.decodeRows())
                .sum();
        double all = model.description().layers().stream()
                .flatMap(layer -> Stream.of(layer.up(), layer.down(), layer.query(), layer.attentionOutput()))
                .mapToDouble(tensor -> tensor.data().byteSize())
                .sum();
        return saved / all;
    }

    private static Path calibrate(Model model, String name, int[] ids) {
        Path profile = folder.resolve(name + ".gguf");
        chess(model).calibrate(
                model.description(), model.host(), new CalibrationRequest(ids, 256, 0, 0, 0, 1, profile, false));
        return profile;
    }

    private static void allocate(Model model, Path profile, int[] ids, long tokens, String target, Path output) {
        chess(model).allocate(
                model.description(),
                model.host(),
                Settings.defaults(model.providers().require("chess").provider().settings()),
                new AllocationRequest(profile, ids, 128, tokens, 0, target, output));
    }

    private static Calibratable chess(Model model) {
        return (Calibratable) model.providers().require("chess").provider();
    }

    private static ModelOptions options() {
        return ModelOptions.defaults().withCacheDirectory(folder).withThreads(1);
    }
}
