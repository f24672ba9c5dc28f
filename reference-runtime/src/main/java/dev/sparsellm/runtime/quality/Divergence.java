package dev.sparsellm.runtime.quality;

/**
 * How far the prediction of one lineup is from another's at one position.
 *
 * @param kl KL(reference ‖ other) in nats, at least 0
 * @param sameTop whether both put the same token first
 * @param referenceLoss −log p of the token that follows, by the reference
 * @param otherLoss −log p of the token that follows, by the other
 */
public record Divergence(double kl, boolean sameTop, double referenceLoss, double otherLoss) {

    /**
     * Compares two rows of logits.
     *
     * @param next the token that follows
     */
    public static Divergence of(
            float[] reference, int referenceOffset, float[] other, int otherOffset, int vocab, int next) {
        double referenceSum = LogSoftmax.logSumExp(reference, referenceOffset, vocab);
        double otherSum = LogSoftmax.logSumExp(other, otherOffset, vocab);
        double kl = 0;
        int referenceTop = 0;
        int otherTop = 0;
        for (int i = 0; i < vocab; i++) {
            double logP = reference[referenceOffset + i] - referenceSum;
            double logQ = other[otherOffset + i] - otherSum;
            kl += Math.exp(logP) * (logP - logQ);
            referenceTop = reference[referenceOffset + i] > reference[referenceOffset + referenceTop] ? i : referenceTop;
            otherTop = other[otherOffset + i] > other[otherOffset + otherTop] ? i : otherTop;
        }
        return new Divergence(
                Math.max(0, kl), // rounding can leave a hair below zero
                referenceTop == otherTop,
                referenceSum - reference[referenceOffset + next],
                otherSum - other[otherOffset + next]);
    }
}
