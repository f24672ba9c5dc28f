package dev.sparsellm.runtime.sampling;

/**
 * How the next token is chosen. {@link #defaults} are llama.cpp's.
 *
 * @param temperature logits are divided by it: below 1 likely tokens become likelier, above 1 less so. 0 always takes
 *     the likeliest token, of equal ones the lowest id
 * @param topK only the k likeliest tokens can be chosen; 0: all
 * @param topP only the likeliest tokens that together have this probability (Holtzman et al. 2020, nucleus sampling);
 *     1: all
 * @param minP only tokens with this share of the likeliest one's probability (Nguyen et al. 2024); 0: all
 * @param repetitionPenalty logits of recent tokens are divided by it if positive, else multiplied (Keskar et al. 2019,
 *     section 4.1, with the sign taken into account); 1: off
 * @param repetitionWindow how many tokens count as recent; 0: none, -1: all of the session's
 * @param seed of the random numbers: the same seed, logits and options give the same tokens
 */
public record SamplingOptions(double temperature, int topK, double topP, double minP, double repetitionPenalty,
        int repetitionWindow, long seed) {

    /** A window that takes in all tokens of a session. */
    public static final int WHOLE_SESSION = -1;

    /** @throws IllegalArgumentException if a value is out of range, naming it and what is allowed */
    public SamplingOptions {
        require(temperature >= 0 && temperature < Double.POSITIVE_INFINITY, "temperature", temperature, "0 or more");
        require(topK >= 0, "top-k", topK, "0 (all tokens) or more");
        require(topP > 0 && topP <= 1, "top-p", topP, "above 0 and up to 1 (all tokens)");
        require(minP >= 0 && minP <= 1, "min-p", minP, "from 0 (all tokens) to 1");
        require(repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY, "repetition penalty",
                repetitionPenalty, "above 0; 1 is none");
        require(repetitionWindow >= WHOLE_SESSION && repetitionWindow <= 1 << 24, "repetition window", repetitionWindow,
                "0 (none) to 16777216, or -1 (the whole session)");
    }

    private static void require(boolean condition, String name, Number value, String allowed) {
        if (!condition) {
            throw new IllegalArgumentException("The " + name + " is " + value + ", but must be " + allowed);
        }
    }

    /** Always the likeliest token. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(0, 0, 1, 0, 1, 0, 0);
    }

    /** Temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, no repetition penalty. */
    public static SamplingOptions defaults(long seed) {
        return new SamplingOptions(0.8, 40, 0.95, 0.05, 1, 64, seed);
    }
}
