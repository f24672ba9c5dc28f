package dev.sparsellm.runtime.sampling;

import java.util.SplittableRandom;

/**
 * Chooses the next token. The steps, in llama.cpp's order of them: repetition penalty, top-k, top-p, min-p,
 * temperature, and a draw from the softmax of what is left. The probabilities that top-p and min-p speak of are those
 * before the temperature.
 *
 * <p>A sampler remembers the tokens of its session and where its random numbers are: each session has one of its own,
 * and it is not safe for several threads. Choosing a token allocates nothing.
 */
public final class Sampler {

    private final SamplingOptions options;
    private final int vocabularySize;
    private final RecentTokens recent;   // null without a penalty
    private final Candidates candidates; // null if greedy
    private final double[] weights;      // [vocabulary] null if greedy
    private SplittableRandom random;

    private Sampler(SamplingOptions options, int vocabularySize) {
        this.options = options;
        this.vocabularySize = vocabularySize;
        boolean greedy = options.temperature() == 0;
        boolean penalty = options.repetitionPenalty() != 1 && options.repetitionWindow() != 0;
        recent = penalty ? new RecentTokens(vocabularySize, options.repetitionWindow()) : null;
        candidates = greedy ? null : new Candidates(vocabularySize);
        weights = greedy ? null : new double[vocabularySize];
        random = new SplittableRandom(options.seed());
    }

    /** A sampler at the start of a session. */
    public static Sampler of(SamplingOptions options, int vocabularySize) {
        if (vocabularySize < 1) {
            throw new IllegalArgumentException("A vocabulary of " + vocabularySize
                    + " tokens has nothing to choose from");
        }
        return new Sampler(options, vocabularySize);
    }

    public SamplingOptions options() {
        return options;
    }

    /** Takes note of a token of the session, of the prompt or chosen here, for the repetition penalty. */
    public void accept(int token) {
        if (token < 0 || token >= vocabularySize) {
            throw new IllegalArgumentException("There is no token " + token + " in a vocabulary of " + vocabularySize);
        }
        if (recent != null) {
            recent.add(token);
        }
    }

    /** Forgets all tokens and starts the random numbers again, as for a new session. */
    public void reset() {
        if (recent != null) {
            recent.clear();
        }
        random = new SplittableRandom(options.seed());
    }

    /**
     * Chooses the next token. It becomes part of the session by {@link #accept}, not by itself.
     *
     * @param logits [vocabulary], not modified. Negative infinity forbids a token
     * @throws SamplingException if a logit is NaN or positive infinity, or all tokens are forbidden
     */
    public int sample(float[] logits) {
        if (logits.length != vocabularySize) {
            throw new IllegalArgumentException("There are " + logits.length + " logits for a vocabulary of "
                    + vocabularySize + " tokens");
        }
        int likeliest = argmax(logits); // which also checks them
        if (candidates == null) {
            return likeliest;
        }
        truncate(logits);
        return draw();
    }

    /** The tokens that {@link #sample} would draw from, likeliest first. */
    int[] kept(float[] logits) {
        argmax(logits);
        truncate(logits);
        int[] kept = new int[candidates.size()];
        for (int place = 0; place < kept.length; place++) {
            kept[place] = candidates.id(place);
        }
        return kept;
    }

    /** The token with the largest logit after the penalty, of equal ones the lowest id. */
    private int argmax(float[] logits) {
        int best = -1;
        float largest = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < logits.length; id++) {
            float logit = penalised(id, logits[id]);
            if (!(logit < Float.POSITIVE_INFINITY)) {
                throw new SamplingException("The logit of token " + id + " is " + logit + ", which is no number to go"
                        + " by: the model's weights may be damaged, or the model does not fit this program");
            }
            if (logit > largest) {
                largest = logit;
                best = id;
            }
        }
        if (best < 0) {
            throw new SamplingException("The logits of all tokens are negative infinity: there is none to choose");
        }
        return best;
    }

    private float penalised(int id, float logit) {
        if (recent == null || !recent.contains(id)) {
            return logit;
        }
        float penalty = (float) options.repetitionPenalty();
        return logit > 0 ? logit / penalty : logit * penalty;
    }

    private void truncate(float[] logits) {
        for (int id = 0; id < logits.length; id++) {
            candidates.set(id, penalised(id, logits[id]));
        }
        candidates.begin();
        if (options.topK() > 0) {
            candidates.keepCount(options.topK());
        }
        if (options.topP() < 1) {
            candidates.keepMass(options.topP());
        }
        if (options.minP() > 0) {
            candidates.keepShare(options.minP());
        }
    }

    /** Draws from softmax(logit / temperature) of the candidates. */
    private int draw() {
        double largest = candidates.logit(0);
        double sum = 0;
        for (int place = 0; place < candidates.size(); place++) {
            weights[place] = Math.exp((candidates.logit(place) - largest) / options.temperature());
            sum += weights[place];
        }
        double rest = random.nextDouble() * sum;
        int chosen = 0; // rounding may leave a rest behind the last one: then it is the last with any weight
        for (int place = 0; place < candidates.size() && rest >= 0; place++) {
            if (weights[place] > 0) {
                chosen = place;
                rest -= weights[place];
            }
        }
        return candidates.id(chosen);
    }
}
