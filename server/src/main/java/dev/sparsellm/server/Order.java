package dev.sparsellm.server;

import dev.sparsellm.runtime.GenerationRequest;

/**
 * What a client wants, read and checked.
 *
 * @param chat whether it came as a conversation, and is answered as one
 * @param model as the client calls it, or would
 * @param provider who is to compute
 * @param generation what to write
 * @param logprobs alternatives to tell of each token with its probability; −1 for no probabilities at all
 * @param stream whether to send text as it is written
 * @param usageAtEnd whether a stream ends with a count of tokens
 * @param live whether a stream tells speed and sparsity as it goes
 * @param echo the text to put before the answer; mostly empty
 */
record Order(
        boolean chat,
        String model,
        String provider,
        GenerationRequest generation,
        int logprobs,
        boolean stream,
        boolean usageAtEnd,
        boolean live,
        String echo) {}
