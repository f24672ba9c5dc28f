package dev.sparsellm.runtime.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.eval.Question.Choice;
import dev.sparsellm.runtime.plugin.Plugins;
import dev.sparsellm.runtime.plugin.ThinningProvider;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scoring, on the demo model. */
class EvaluationTest {

    private static final Choice SAT = new Choice("There was once a king who sat upon his", " golden throne all day");
    private static final Choice HORSE = new Choice("There was once a king who sat upon his", " horse");

    @TempDir
    private Path folder;

    private Model open() {
        return Model.load(DemoModel.locate(folder).orElseThrow(), ModelOptions.defaults().withThreads(1));
    }

    private static double alone(Model model, EncodedChoice choice) {
        try (Session session = model.newSession(model.lineup("dense"), 512)) {
            return new ContinuationScorer(session, model.description().shape().vocab()).score(choice).logLikelihood();
        }
    }

    @Test
    void whatIsSharedWithTheChoiceBeforeChangesNothing() {
        List<Choice> choices = List.of(
                SAT, HORSE, SAT, SAT, new Choice("There was once a queen who sat upon his", " horse"),
                new Choice("There was", " once"), HORSE, new Choice("", "There was"));
        try (Model model = open();
                Session session = model.newSession(model.lineup("dense"), 512)) {
            ContinuationScorer scorer = new ContinuationScorer(session, model.description().shape().vocab());
            for (Choice choice : choices) {
                EncodedChoice encoded = EncodedChoice.of(model.tokenizer(), choice, 512);
                assertThat(scorer.score(encoded).logLikelihood()).isCloseTo(alone(model, encoded), within(1e-4));
            }
        }
    }

    @Test
    void everyScoredPositionIsDecodedAndNoOther() throws Exception {
        Plugins.with(ThinningProvider.class, folder, () -> {
            try (Model model = open();
                    Session session = model.newSession(model.lineup("thinning"), 512)) {
                ContinuationScorer scorer =
                        new ContinuationScorer(session, model.description().shape().vocab());
                EncodedChoice first = EncodedChoice.of(model.tokenizer(), SAT, 512);
                EncodedChoice second = EncodedChoice.of(model.tokenizer(), HORSE, 512);
                scorer.score(first);
                scorer.score(second);
                Usage usage = session.usage(new OperatorKey(OperatorKind.FEED_FORWARD, 0));
                long scored = first.ids().length - first.from() + second.ids().length - second.from();
                // The position behind the shared context is decoded once for both.
                assertThat(usage.decodeRows()).isEqualTo(scored - 1);
                assertThat(usage.rows()).isEqualTo(scored - 1 + first.from() - 1);
            }
            return null;
        });
    }

    @Test
    void choicesAreCutAsTheHarnessCutsThem() {
        try (Model model = open()) {
            EncodedChoice blank = EncodedChoice.of(model.tokenizer(), new Choice("a king ", "sat"), 512);
            assertThat(blank.ids()).isEqualTo(EncodedChoice.of(model.tokenizer(), new Choice("a king", " sat"), 512).ids());
            assertThat(blank.from()).isEqualTo(3);
            EncodedChoice cut = EncodedChoice.of(model.tokenizer(), SAT, 6);
            EncodedChoice whole = EncodedChoice.of(model.tokenizer(), SAT, 512);
            assertThat(cut.positions()).isEqualTo(6);
            assertThat(cut.ids().length - cut.from()).isEqualTo(whole.ids().length - whole.from());
        }
    }

    @Test
    void standardErrorsAreTheHarnesss() {
        Proportion p = Proportion.of(new boolean[] {true, false, false, true, false});
        assertThat(p.value()).isEqualTo(0.4);
        // The sample's standard deviation is √(1.2 / 4).
        assertThat(p.standardError()).isCloseTo(Math.sqrt(0.3) / Math.sqrt(5), within(1e-12));
    }

    @Test
    void aJournalSavesAskingTwice() throws IOException {
        Path file = folder.resolve("journal.jsonl");
        List<Question> questions = List.of(
                new Question("1", List.of(SAT, HORSE), 0), new Question("2", List.of(HORSE, SAT), 0));
        try (Model model = open()) {
            MultipleChoice first;
            try (Journal journal = Journal.at(file)) {
                first = MultipleChoice.of(
                        model, model.lineup("dense"), Task.PIQA, questions.subList(0, 1), journal, ProgressSink.NONE);
            }
            // As if the process had ended in the middle of a line.
            Files.writeString(file, "{\"key\":\"12", StandardOpenOption.APPEND);
            int[] asked = new int[1];
            ProgressSink progress = (what, total) -> {
                asked[0] = (int) total;
                return done -> {};
            };
            try (Journal journal = Journal.at(file)) {
                MultipleChoice both = MultipleChoice.of(
                        model, model.lineup("dense"), Task.PIQA, questions, journal, progress);
                assertThat(both.answers().getFirst()).isEqualTo(first.answers().getFirst());
                assertThat(both.answers().get(1).pick()).isEqualTo(1 - both.answers().getFirst().pick());
            }
            assertThat(asked[0]).isEqualTo(1);
            assertThat(Files.readAllLines(file)).hasSize(2);
        }
        Files.writeString(file, "my notes\n");
        assertThatThrownBy(() -> Journal.at(file)).hasMessageContaining("no journal");
        assertThat(file).hasContent("my notes");
    }

    @Test
    void lastWordsComeFromPassagesOfText() {
        List<Choice> passages = Passages.ofText(DemoTexts.heldOut(), 1000);
        assertThat(passages).hasSizeGreaterThan(100).allSatisfy(passage -> {
            assertThat(passage.continuation()).matches(" \\p{L}[\\p{L}'’-]*");
            assertThat(passage.context().split("\\s+").length).isGreaterThanOrEqualTo(49);
        });
        try (Model model = open()) {
            LastWord result = LastWord.of(
                    model, model.lineup("dense"), "last_word", passages.subList(0, 20), Journal.none(), ProgressSink.NONE);
            assertThat(result.accuracy().n()).isEqualTo(20);
            double mean = passages.subList(0, 20).stream()
                    .mapToDouble(passage -> alone(model, EncodedChoice.of(model.tokenizer(), passage, 512)))
                    .average()
                    .orElseThrow();
            assertThat(result.perplexity()).isCloseTo(Math.exp(-mean), Percentage.withPercentage(0.1));
        }
    }

    @Test
    void aLineupAgreesWithItselfAndAThinnedOneDoesNot() throws Exception {
        List<Choice> passages = Passages.ofText(DemoTexts.heldOut(), 2);
        Plugins.with(ThinningProvider.class, folder, () -> {
            try (Model model = open()) {
                GenerationAgreement itself = GenerationAgreement.of(
                        model, model.lineup("dense"), model.lineup("dense"), passages, 24, Journal.none(),
                        ProgressSink.NONE);
                assertThat(itself.agreed()).containsExactly(24, 24);
                assertThat(itself.sameNext()).isEqualTo(1);
                assertThat(itself.same().value()).isEqualTo(1);
                GenerationAgreement thinned = GenerationAgreement.of(
                        model, model.lineup("dense"), model.lineup("thinning"), passages, 24, Journal.none(),
                        ProgressSink.NONE);
                assertThat(thinned.medianAgreed()).isLessThan(24);
                assertThat(thinned.sameNext()).isBetween(0.0, 0.99);
                assertThatThrownBy(() -> GenerationAgreement.of(
                                model, model.lineup("dense"), model.lineup("dense"), passages, 512, Journal.none(),
                                ProgressSink.NONE))
                        .hasMessageContaining("-n");
            }
            return null;
        });
    }
}
