package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Modes that make sparsity hurt less, on the demo model. */
class ProtectionTest {

    /** Nothing like a fairy tale: thresholds leave out another share of it. */
    private static final String OTHER = "for (int i = 0; i < n; i++) { x[i] += 2 * y[i]; } // 3.14159 26535 ".repeat(12);

    @TempDir
    private static Path folder;

    private static Model open() {
        return Demo.open(folder);
    }

    private static String chess(String settings) {
        return "chess:profile=" + Demo.profile() + ":" + settings;
    }

    private static float[] lastLogits(Model model, String providers, int[] ids, int prompt) {
        float[] last = new float[model.description().shape().vocab()];
        try (Session session = model.newSession(model.lineup(providers), 256)) {
            session.read(Arrays.copyOf(ids, prompt), prompt, (row, logits, offset) -> {});
            for (int i = prompt; i < ids.length; i++) {
                session.readAsDecoding(new int[] {ids[i]}, (row, logits, offset) ->
                        System.arraycopy(logits, offset, last, 0, last.length));
            }
        }
        return last;
    }

    @Test
    void firstTokensAreDenseAndOthersAreNot() {
        try (Model model = open()) {
            int[] ids = Arrays.copyOf(model.tokenizer().encodeOrdinary(DemoTexts.heldOut()), 40);
            String protectedOnes = chess("sparsity=0.7:prefill=masked:dense.tokens=");
            float[] dense = lastLogits(model, "dense", ids, 16);
            assertThat(lastLogits(model, protectedOnes + 40, ids, 16)).containsExactly(dense, within(1e-4f));
            // One token later thresholds apply.
            assertThat(distance(lastLogits(model, protectedOnes + 39, ids, 16), dense)).isGreaterThan(0.1);
        }
    }

    @Test
    void batchesThatAreHalfProtectedAreRunAsTheirTokensOneByOne() {
        try (Model model = open();
                Session session = model.newSession(model.lineup(chess("sparsity=0.7:dense.tokens=6")), 64)) {
            int[] ids = Arrays.copyOf(model.tokenizer().encodeOrdinary(DemoTexts.heldOut()), 12);
            float[] last = new float[model.description().shape().vocab()];
            session.readAsDecoding(ids, (row, logits, offset) -> System.arraycopy(logits, offset, last, 0, last.length));
            Usage usage = session.usage(new OperatorKey(OperatorKind.FEED_FORWARD, 0));
            assertThat(usage.sparsity()).isBetween(0.25, 0.45);
            assertThat(lastLogits(model, chess("sparsity=0.7:dense.tokens=6"), ids, 1)).containsExactly(last, within(2e-2f));
        }
    }

    @Test
    void aHeldShareStaysWhereItWasAskedForOnOtherText() {
        try (Model model = open()) {
            double fixed = worst(model, chess("sparsity=0.5"));
            double held = worst(model, chess("sparsity=0.5:hold=true"));
            assertThat(held).isLessThan(0.6 * fixed);
            // The same passes again give the same, in the same session and in another.
            int[] ids = Arrays.copyOf(model.tokenizer().encodeOrdinary(OTHER), 48);
            float[] once = lastLogits(model, chess("sparsity=0.5:hold=true"), ids, 8);
            assertThat(lastLogits(model, chess("sparsity=0.5:hold=true"), ids, 8)).containsExactly(once);
        }
    }

    /** The furthest that an operator's share is from one half, over a text unlike that of the calibration. */
    private static double worst(Model model, String providers) {
        int[] ids = Arrays.copyOf(model.tokenizer().encodeOrdinary(OTHER), 250);
        try (Session session = model.newSession(model.lineup(providers), 256)) {
            session.read(Arrays.copyOf(ids, 8), 8, (row, logits, offset) -> {});
            for (int i = 8; i < 120; i++) {
                session.readAsDecoding(new int[] {ids[i]}, (row, logits, offset) -> {});
            }
            Map<OperatorKey, Usage> before = session.usages();
            for (int i = 120; i < ids.length; i++) {
                session.readAsDecoding(new int[] {ids[i]}, (row, logits, offset) -> {});
            }
            return session.usages().entrySet().stream()
                    .mapToDouble(entry -> Math.abs(0.5 - entry.getValue().since(before.get(entry.getKey())).sparsity()))
                    .max()
                    .orElseThrow();
        }
    }

    /** The first rows of a table in docs/quality.md, with the profile that its commands make. */
    @Test
    void perplexitiesAreThoseOfTheDocumentation() throws IOException {
        try (Model model = open()) {
            Windows windows = Windows.ofText(model.tokenizer(), DemoTexts.heldOut(), 256, 12);
            assertThat(Perplexity.of(model, model.lineup("dense"), windows, ProgressSink.NONE).perplexity())
                    .isCloseTo(Documented.quality("exact: `--provider dense`", 1), withinPercentage(0.5));
            assertThat(Perplexity.of(model, model.lineup(chess("sparsity=0.7")), windows, ProgressSink.NONE).perplexity())
                    .isCloseTo(Documented.quality("prompt dense, the default", 1), withinPercentage(0.5));
        }
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
        }
        return Math.sqrt(sum / a.length);
    }
}
