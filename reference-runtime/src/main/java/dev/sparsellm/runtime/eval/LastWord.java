package dev.sparsellm.runtime.eval;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.eval.Question.Choice;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.spi.ProgressSink;
import java.util.List;

/**
 * How often greedy decoding would write the last word of a passage.
 *
 * @param provider the lineup's name
 * @param accuracy share of passages where each token of the word is the likeliest
 * @param perplexity {@code exp(−mean log p(word))}
 */
public record LastWord(String provider, Proportion accuracy, double perplexity) {

    /** Reads all passages but those the journal knows. */
    public static LastWord of(
            Model model, Lineup lineup, String task, List<Choice> passages, Journal journal, ProgressSink progress) {
        Fingerprint fingerprint = Fingerprint.of(model, lineup, "last word");
        int contextLength = model.description().shape().contextLength();
        List<EncodedChoice> encoded = passages.stream()
                .map(passage -> EncodedChoice.of(model.tokenizer(), passage, contextLength))
                .toList();
        int longest = encoded.stream().mapToInt(EncodedChoice::positions).max().orElse(1);
        boolean[] right = new boolean[encoded.size()];
        double sum = 0;
        try (Session session = model.newSession(lineup, longest);
                ProgressSink.Work work = progress.start(task + ", " + lineup.name(), encoded.size())) {
            ContinuationScorer scorer =
                    new ContinuationScorer(session, model.description().shape().vocab());
            for (int i = 0; i < right.length; i++) {
                EncodedChoice passage = encoded.get(i);
                String key = fingerprint.with(passage.from(), passage.ids());
                if (!journal.knows(key)) {
                    ContinuationScorer.Score score = scorer.score(passage);
                    journal.add(key, task, lineup.name(), String.valueOf(i), new double[] {
                        score.logLikelihood(), score.greedy() ? 1 : 0
                    });
                }
                double[] values = journal.values(key);
                sum += values[0];
                right[i] = values[1] == 1;
                work.done(i + 1);
            }
        }
        return new LastWord(lineup.name(), Proportion.of(right), Math.exp(-sum / right.length));
    }
}
