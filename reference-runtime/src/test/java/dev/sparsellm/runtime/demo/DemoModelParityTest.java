package dev.sparsellm.runtime.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.ProgressSink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model that ships with the runtime, held to what others make of it. */
class DemoModelParityTest {

    /** llama-perplexity -c 512 --chunks 8 on held-out.txt, with the weights dequantised to F32. */
    private static final double LLAMA_CPP = 78.5910;

    @TempDir
    Path folder;

    @Test
    void perplexityOnTheHeldOutTextAgreesWithLlamaCpp() {
        try (Model model = open(2)) {
            Windows windows = Windows.ofText(model.tokenizer(), DemoTexts.heldOut(), 512, 8);
            Perplexity result = Perplexity.of(model, model.lineup("dense"), windows, ProgressSink.NONE);
            assertThat(result.perplexity()).isCloseTo(LLAMA_CPP, Percentage.withPercentage(0.05));
        }
    }

    @Test
    void bothTextsSurviveTheTokenizer() {
        try (Model model = open(1)) {
            for (String text : List.of(DemoTexts.heldOut(), DemoTexts.calibration())) {
                assertThat(text).hasSizeGreaterThan(100_000);
                assertThat(model.tokenizer().decode(model.tokenizer().encodeOrdinary(text))).isEqualTo(text);
            }
        }
    }

    @Test
    void logitsHaveTheSameBitsOnAnyNumberOfThreads() {
        List<float[]> runs = new ArrayList<>();
        for (int threads : new int[] {1, 2, 4}) {
            try (Model model = open(threads);
                    Session session = model.newSession(model.lineup("dense"), 300)) {
                int[] ids = session.prompt(DemoTexts.heldOut().substring(0, 800));
                int vocab = model.description().shape().vocab();
                float[] logits = new float[ids.length * vocab];
                session.read(ids, 0, (row, all, offset) ->
                        System.arraycopy(all, offset, logits, row * vocab, vocab));
                runs.add(logits);
            }
        }
        assertThat(runs.get(1)).isEqualTo(runs.get(0));
        assertThat(runs.get(2)).isEqualTo(runs.get(0));
    }

    private Model open(int threads) {
        return Model.load(
                DemoModel.locate(folder).orElseThrow(),
                ModelOptions.defaults().withThreads(threads).withCacheDirectory(folder));
    }
}
