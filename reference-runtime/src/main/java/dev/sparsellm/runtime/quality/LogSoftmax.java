package dev.sparsellm.runtime.quality;

/** Logarithms of probabilities from logits, summed in double precision. */
public final class LogSoftmax {

    private LogSoftmax() {}

    /** {@code log(exp(logits[offset + id]) / Σ exp(logits[offset + i]))}. */
    public static double at(float[] logits, int offset, int vocab, int id) {
        return logits[offset + id] - logSumExp(logits, offset, vocab);
    }

    /** {@code log Σ exp(logits[offset + i])}. */
    public static double logSumExp(float[] logits, int offset, int vocab) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < vocab; i++) {
            max = Math.max(max, logits[offset + i]);
        }
        double sum = 0;
        for (int i = 0; i < vocab; i++) {
            sum += Math.exp(logits[offset + i] - max);
        }
        return max + Math.log(sum);
    }
}
