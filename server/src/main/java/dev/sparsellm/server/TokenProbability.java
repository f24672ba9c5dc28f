package dev.sparsellm.server;

import dev.sparsellm.runtime.quality.LogSoftmax;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A token, how likely the model found it, and what it found likeliest: before temperature, penalties and whatever else
 * chooses.
 *
 * @param token the token
 * @param likeliest in order; as many as were asked for
 */
record TokenProbability(Scored token, List<Scored> likeliest) {

    /** A token's bytes, which are not always whole characters, and the natural logarithm of its probability. */
    record Scored(byte[] bytes, double logprob) {}

    /**
     * @param logits [vocab]
     * @param count how many of the likeliest
     */
    static TokenProbability of(Tokenizer tokenizer, float[] logits, int id, int count) {
        double logSum = LogSoftmax.logSumExp(logits, 0, logits.length);
        List<Scored> likeliest = new ArrayList<>();
        for (int best : likeliest(logits, count)) {
            likeliest.add(scored(tokenizer, logits, best, logSum));
        }
        return new TokenProbability(scored(tokenizer, logits, id, logSum), likeliest);
    }

    private static Scored scored(Tokenizer tokenizer, float[] logits, int id, double logSum) {
        byte[] bytes = tokenizer.isControl(id)
                ? tokenizer.piece(id).getBytes(java.nio.charset.StandardCharsets.UTF_8)
                : tokenizer.bytes(id);
        return new Scored(bytes, logits[id] - logSum);
    }

    /** Ids of the largest, in order; of equal ones the lowest first. */
    private static int[] likeliest(float[] logits, int count) {
        int[] best = new int[Math.min(count, logits.length)];
        int found = 0;
        for (int id = 0; id < logits.length && best.length > 0; id++) {
            if (found == best.length && !(logits[id] > logits[best[found - 1]])) {
                continue;
            }
            int place = found < best.length ? found++ : found - 1;
            while (place > 0 && logits[id] > logits[best[place - 1]]) {
                best[place] = best[place - 1];
                place--;
            }
            best[place] = id;
        }
        return Arrays.copyOf(best, found);
    }
}
