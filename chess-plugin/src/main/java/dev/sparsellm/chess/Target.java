package dev.sparsellm.chess;

import dev.sparsellm.spi.ProviderException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a {@link Budget} shall meet. */
sealed interface Target {

    Pattern FORM = Pattern.compile("(ppl|kl|skip)=\\+?(\\d*\\.?\\d+)(%?)");

    /** Perplexity at most so many times the dense one. */
    record PerplexityRatio(double most) implements Target {}

    /** Mean KL(dense ‖ sparse) at most so many nats. */
    record Divergence(double most) implements Target {}

    /** This share of the bytes that can be left out at all is left out. */
    record Skipped(double share) implements Target {}

    /** @throws ProviderException if it is none */
    static Target of(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (form.matches()) {
            double number = Double.parseDouble(form.group(2)) / (form.group(3).isEmpty() ? 1 : 100);
            switch (form.group(1)) {
                case "ppl" -> {
                    return new PerplexityRatio(1 + number);
                }
                case "kl" -> {
                    return new Divergence(number);
                }
                default -> {
                    if (number > 0 && number <= ChessSettings.MAX_SPARSITY) {
                        return new Skipped(number);
                    }
                }
            }
        }
        throw new ProviderException("The target '" + text + "' is not understood: give ppl=+1% (perplexity at most one percent"
                + " up), kl=0.02 (nats), or skip=40% (of the bytes that can be left out; at most 95%)");
    }
}
