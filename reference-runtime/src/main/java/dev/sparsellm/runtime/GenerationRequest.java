package dev.sparsellm.runtime;

import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.util.List;

/**
 * What to write.
 *
 * @param prompt token ids to read first, the begin mark included where the model wants one; see
 *     {@link Session#prompt(String)}
 * @param maxTokens the most tokens to write; 0 to read only
 * @param sampling how to choose tokens
 * @param stopTexts end before the first of these that appears
 * @param ignoreEnd whether to write on behind the model's end marks, to measure speed
 */
public record GenerationRequest(
        int[] prompt, int maxTokens, SamplingOptions sampling, List<String> stopTexts, boolean ignoreEnd) {

    public GenerationRequest {
        prompt = prompt.clone();
        stopTexts = List.copyOf(stopTexts);
        if (maxTokens < 0) {
            throw new IllegalArgumentException("The number of tokens to write must not be negative, was " + maxTokens);
        }
        if (stopTexts.contains("")) {
            throw new IllegalArgumentException("A stop text must not be empty");
        }
    }

    public GenerationRequest(int[] prompt, int maxTokens, SamplingOptions sampling) {
        this(prompt, maxTokens, sampling, List.of(), false);
    }
}
