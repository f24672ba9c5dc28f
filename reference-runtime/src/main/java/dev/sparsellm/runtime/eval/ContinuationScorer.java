package dev.sparsellm.runtime.eval;

import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.quality.LogSoftmax;
import java.util.Arrays;

/**
 * Log-likelihoods of continuations. What a choice shares with the one before it is not read again. Contexts are read as a
 * prompt; every position whose prediction is scored is run as decoding runs it, since that is what a user of the model
 * gets.
 */
final class ContinuationScorer {

    /**
     * What a continuation got.
     *
     * @param logLikelihood {@code Σ log p(id)}, nats
     * @param greedy whether each of its ids was the likeliest
     */
    record Score(double logLikelihood, boolean greedy) {}

    private final Session session;
    private final int vocab;
    private final float[] first; // [vocab], what follows the context of the choice before
    private EncodedChoice before = new EncodedChoice(new int[0], 1);

    ContinuationScorer(Session session, int vocab) {
        this.session = session;
        this.vocab = vocab;
        first = new float[vocab];
    }

    Score score(EncodedChoice choice) {
        int[] ids = choice.ids();
        int last = choice.from() - 1;
        int common = choice.commonWith(before);
        if (choice.from() != before.from() || common < choice.from()) {
            // What was read as a prompt stays, what was decoded does not.
            int kept = Math.min(common, Math.min(last, before.from() - 1));
            session.rewind(kept);
            session.read(Arrays.copyOfRange(ids, kept, last), last - kept, (row, logits, offset) -> {});
            session.readAsDecoding(new int[] {ids[last]}, (row, logits, offset) ->
                    System.arraycopy(logits, offset, first, 0, vocab));
        }
        session.rewind(choice.from());
        before = choice;
        Sum sum = new Sum();
        sum.add(first, 0, ids[choice.from()]);
        session.readAsDecoding(Arrays.copyOfRange(ids, choice.from(), ids.length - 1), (row, logits, offset) ->
                sum.add(logits, offset, ids[choice.from() + row + 1]));
        return new Score(sum.logLikelihood, sum.greedy);
    }

    private final class Sum {

        private double logLikelihood;
        private boolean greedy = true;

        void add(float[] logits, int offset, int id) {
            logLikelihood += LogSoftmax.at(logits, offset, vocab, id);
            greedy &= id == Likeliest.of(logits, offset, vocab);
        }
    }
}
