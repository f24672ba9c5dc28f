package dev.sparsellm.runtime.eval;

/**
 * A mean over questions.
 *
 * @param value the mean; NaN of nothing
 * @param standardError sample standard deviation over √n, as lm-evaluation-harness has it; NaN for fewer than two
 * @param n questions
 */
public record Proportion(double value, double standardError, int n) {

    /** The share of questions that are true. */
    static Proportion of(boolean[] answers) {
        int right = 0;
        for (boolean answer : answers) {
            right += answer ? 1 : 0;
        }
        int n = answers.length;
        double p = n == 0 ? Double.NaN : (double) right / n;
        return new Proportion(p, n < 2 ? Double.NaN : Math.sqrt(p * (1 - p) / (n - 1)), n);
    }
}
