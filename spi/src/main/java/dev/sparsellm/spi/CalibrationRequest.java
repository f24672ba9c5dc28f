package dev.sparsellm.spi;

import java.nio.file.Path;

/**
 * What a provider is to learn from. The text, with one begin mark before it, is cut into windows of {@code window} ids;
 * an incomplete last one is left out, and the first id of each is replaced by the begin mark.
 *
 * @param ids the text, without begin mark; must not be changed any more
 * @param window ids in a window, at least 2
 * @param maxTokens if the text is longer, so many ids of it are used, in windows chosen by {@code seed}; 0 for all
 * @param seed chooses the windows
 * @param shard which part of the windows chosen, from 0: those whose number is {@code shard} modulo {@code shards}
 * @param shards parts in all, 1 for everything
 * @param output the profile's file; replaced if it is there
 * @param resume whether to go on where an interrupted run of the same request stopped, rather than start again
 */
public record CalibrationRequest(
        int[] ids, int window, long maxTokens, long seed, int shard, int shards, Path output, boolean resume) {

    public CalibrationRequest {
        if (window < 2) {
            throw new IllegalArgumentException("A window needs at least 2 ids, not " + window);
        }
        if (maxTokens < 0) {
            throw new IllegalArgumentException("The number of tokens cannot be negative, was " + maxTokens);
        }
        if (shards < 1 || shard < 0 || shard >= shards) {
            throw new IllegalArgumentException("There is no shard " + shard + " of " + shards + ", counted from 0");
        }
    }
}
