package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.lineup.Lineup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Providers side by side in one JVM, on the demo model: to the bit what each gives alone. */
class TwoSessionsTest {

    private static final int PROMPT = 40;
    private static final int WRITTEN = 60;

    @TempDir
    static Path folder;

    private static Model model;
    private static int[] text;

    @BeforeAll
    static void open() throws IOException {
        model = Demo.open(folder);
        text = Arrays.copyOf(model.tokenizer().encodeOrdinary(DemoTexts.heldOut()), PROMPT + WRITTEN);
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    @Test
    void sparsityZeroGivesTheDenseLogits() {
        Lineup zero = model.lineup("chess:sparsity=0");
        assertThat(zero.members()).isNotEmpty();
        assertThat(logits(zero)).isEqualTo(logits(model.lineup("dense")));
    }

    @Test
    void aDenseAndASparseSessionAtOnceGiveWhatEachGivesAlone() throws Exception {
        Lineup dense = model.lineup("dense");
        Lineup sparse = model.lineup("chess:sparsity=0.6");
        float[] denseAlone = logits(dense);
        float[] sparseAlone = logits(sparse);
        assertThat(sparseAlone).isNotEqualTo(denseAlone);
        for (int round = 0; round < 5; round++) {
            CyclicBarrier start = new CyclicBarrier(2);
            CompletableFuture<float[]> other = CompletableFuture.supplyAsync(() -> together(start, sparse));
            assertThat(together(start, dense)).isEqualTo(denseAlone);
            assertThat(other.get()).isEqualTo(sparseAlone);
        }
    }

    private static float[] together(CyclicBarrier start, Lineup lineup) {
        try {
            start.await();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        return logits(lineup);
    }

    /** After a prompt and each token that follows, one at a time. */
    private static float[] logits(Lineup lineup) {
        int vocab = model.description().shape().vocab();
        float[] all = new float[(1 + WRITTEN) * vocab];
        try (Session session = model.newSession(lineup, text.length)) {
            session.read(Arrays.copyOf(text, PROMPT), PROMPT - 1, (row, logits, offset) ->
                    System.arraycopy(logits, offset, all, 0, vocab));
            for (int i = 0; i < WRITTEN; i++) {
                int at = (1 + i) * vocab;
                session.readAsDecoding(new int[] {text[PROMPT + i]}, (row, logits, offset) ->
                        System.arraycopy(logits, offset, all, at, vocab));
            }
        }
        return all;
    }
}
