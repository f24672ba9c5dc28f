package dev.sparsellm.runtime.eval;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.spi.ProgressSink;
import java.util.ArrayList;
import java.util.List;

/**
 * What a lineup picks in a task.
 *
 * @param task which
 * @param provider the lineup's name
 * @param answers in the order of the questions
 */
public record MultipleChoice(Task task, String provider, List<Answer> answers) {

    public MultipleChoice {
        answers = List.copyOf(answers);
    }

    /**
     * One question's.
     *
     * @param pick the choice of the greatest log-likelihood, the first of equals
     * @param pickByByte that of the greatest log-likelihood per byte
     * @param gold the right one
     * @param logLikelihood of all choices together, nats
     */
    public record Answer(int pick, int pickByByte, int gold, double logLikelihood) {

        static Answer of(Question question, double[] logLikelihoods) {
            double[] byByte = new double[logLikelihoods.length];
            double sum = 0;
            for (int i = 0; i < byByte.length; i++) {
                byByte[i] = logLikelihoods[i] / question.choices().get(i).bytes();
                sum += logLikelihoods[i];
            }
            return new Answer(greatest(logLikelihoods), greatest(byByte), question.gold(), sum);
        }

        private static int greatest(double[] values) {
            int best = 0;
            for (int i = 1; i < values.length; i++) {
                best = values[i] > values[best] ? i : best;
            }
            return best;
        }
    }

    /** Asks all questions but those the journal knows. */
    public static MultipleChoice of(
            Model model, Lineup lineup, Task task, List<Question> questions, Journal journal, ProgressSink progress) {
        Fingerprint fingerprint = Fingerprint.of(model, lineup, "log-likelihoods");
        int contextLength = model.description().shape().contextLength();
        List<List<EncodedChoice>> encoded = questions.stream()
                .map(question -> question.choices().stream()
                        .map(choice -> EncodedChoice.of(model.tokenizer(), choice, contextLength))
                        .toList())
                .toList();
        List<String> keys = new ArrayList<>();
        for (List<EncodedChoice> choices : encoded) {
            keys.add(fingerprint.with(
                    choices.getFirst().from(), choices.stream().map(EncodedChoice::ids).toArray(int[][]::new)));
        }
        int[] open = java.util.stream.IntStream.range(0, keys.size())
                .filter(i -> !journal.knows(keys.get(i)))
                .toArray();
        int longest = encoded.stream()
                .flatMap(List::stream)
                .mapToInt(EncodedChoice::positions)
                .max()
                .orElse(1);
        try (Session session = model.newSession(lineup, longest);
                ProgressSink.Work work = progress.start(task.word() + ", " + lineup.name(), open.length)) {
            ContinuationScorer scorer =
                    new ContinuationScorer(session, model.description().shape().vocab());
            for (int done = 0; done < open.length; done++) {
                int i = open[done];
                if (journal.knows(keys.get(i))) {
                    continue; // the same question twice
                }
                double[] values = encoded.get(i).stream()
                        .mapToDouble(choice -> scorer.score(choice).logLikelihood())
                        .toArray();
                journal.add(keys.get(i), task.word(), lineup.name(), questions.get(i).id(), values);
                work.done(done + 1);
            }
        }
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            answers.add(Answer.of(questions.get(i), journal.values(keys.get(i))));
        }
        return new MultipleChoice(task, lineup.name(), answers);
    }

    /** Share of questions where the pick is right: acc. */
    public Proportion accuracy() {
        return share((answer, i) -> answer.pick() == answer.gold());
    }

    /** Share of questions where the pick by byte is right: acc_norm. */
    public Proportion accuracyByByte() {
        return share((answer, i) -> answer.pickByByte() == answer.gold());
    }

    /** Share of questions where another lineup picks the same, right or wrong. */
    public Proportion samePicks(MultipleChoice other) {
        return share((answer, i) -> answer.pick() == other.answers.get(i).pick());
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds(Answer answer, int question);
    }

    private Proportion share(Condition condition) {
        boolean[] holds = new boolean[answers.size()];
        for (int i = 0; i < holds.length; i++) {
            holds[i] = condition.holds(answers.get(i), i);
        }
        return Proportion.of(holds);
    }
}
