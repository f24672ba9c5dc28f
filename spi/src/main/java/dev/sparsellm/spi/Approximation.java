package dev.sparsellm.spi;

/**
 * What an operator computes instead of the exact result, stated so that anyone can check it: the exact operator, applied
 * to inputs that a rule has changed.
 */
public sealed interface Approximation {

    /** Nothing is changed. */
    record Exact() implements Approximation {}

    /**
     * A projection computes {@code y = W·x'} with {@code x'} given by this rule.
     */
    non-sealed interface OfInput extends Approximation {

        /**
         * Replaces the input of one row by what the projection uses.
         *
         * @param phase the rule may differ by phase
         * @param x {@code [columns]}, changed in place
         */
        void change(Phase phase, double[] x);
    }

    /**
     * A feed-forward block computes {@code y = down(hidden')} with {@code hidden'} given by this rule.
     */
    non-sealed interface OfHidden extends Approximation {

        /**
         * Replaces the hidden activations of one row by what the block uses.
         *
         * @param phase the rule may differ by phase
         * @param gate {@code [ffn]}: {@code act(gate·x)}, exact; not changed
         * @param hidden {@code [ffn]}: {@code act(gate·x) ⊙ up·x}, exact; changed in place
         */
        void change(Phase phase, double[] gate, double[] hidden);
    }
}
