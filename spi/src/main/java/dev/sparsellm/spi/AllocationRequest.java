package dev.sparsellm.spi;

import java.nio.file.Path;

/**
 * How much a provider shall leave out, all operators together, and on which text it may find out where that hurts least.
 *
 * @param profile what it learnt before; not changed
 * @param ids a text, without begin mark; must not be changed any more
 * @param window ids in a window, as in {@link CalibrationRequest}
 * @param maxTokens if the text is longer, so many ids of it are used, in windows chosen by {@code seed}; 0 for all
 * @param seed chooses the windows
 * @param target in the provider's own words, such as {@code ppl=+1%}, {@code kl=0.02} or {@code skip=40%}
 * @param output the profile with what was found; may be the same file, is replaced if it is there
 */
public record AllocationRequest(
        Path profile, int[] ids, int window, long maxTokens, long seed, String target, Path output) {

    public AllocationRequest {
        if (window < 4) {
            throw new IllegalArgumentException("A window needs at least 4 ids to be scored, not " + window);
        }
        if (maxTokens < 0) {
            throw new IllegalArgumentException("The number of tokens cannot be negative, was " + maxTokens);
        }
    }
}
