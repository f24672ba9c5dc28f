package dev.sparsellm.runtime.serve;

import dev.sparsellm.runtime.chat.ChatFormat;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How to serve a model. Start from {@link #defaults} and change what you care about.
 *
 * @param host address or name to listen on
 * @param port to listen on; 0 for any that is free
 * @param apiKey what clients have to show; empty to serve anyone who can connect
 * @param modelName what clients call the model
 * @param providers preferences that requests may choose from, such as {@code dense} or {@code chess:sparsity=0.7}; the
 *     first serves those that do not choose. At least one
 * @param chatFormat how the model reads conversations; empty to join the messages to one text to go on from
 * @param repetitionPenalty where a request has none; 1 is off
 * @param contextLength the most positions of a request, prompt and answer together
 * @param maxTokens the most tokens of an answer, and how many where a request does not say
 * @param parallel requests computed at the same time, in turns of one pass each
 * @param queue requests that may wait beyond those; more are refused
 * @param maxBodyBytes the largest request
 * @param timeout the longest time from a request to the end of its answer
 * @param notices receives one line for each thing worth knowing
 */
public record ServeOptions(
        String host,
        int port,
        Optional<String> apiKey,
        String modelName,
        List<String> providers,
        Optional<ChatFormat> chatFormat,
        double repetitionPenalty,
        int contextLength,
        int maxTokens,
        int parallel,
        int queue,
        int maxBodyBytes,
        Duration timeout,
        Consumer<String> notices) {

    /** @throws IllegalArgumentException if a value is out of range, naming it and what is allowed */
    public ServeOptions {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(apiKey, "apiKey");
        Objects.requireNonNull(chatFormat, "chatFormat");
        Objects.requireNonNull(notices, "notices");
        providers = List.copyOf(providers);
        require(port >= 0 && port <= 65535, "port", port, "from 0 (any that is free) to 65535");
        require(apiKey.filter(String::isBlank).isEmpty(), "API key", "blank", "a word, or left out");
        require(modelName.matches("[A-Za-z0-9._-]+"), "model's name", modelName, "letters, digits, dots, - and _");
        require(!providers.isEmpty(), "list of providers", "empty", "at least one");
        require(repetitionPenalty > 0, "repetition penalty", repetitionPenalty, "above 0; 1 is none");
        require(contextLength >= 1, "context", contextLength, "1 position or more");
        require(maxTokens >= 1, "number of tokens of an answer", maxTokens, "1 or more");
        require(parallel >= 1 && parallel <= 64, "number of requests at the same time", parallel, "from 1 to 64");
        require(queue >= 0, "number of requests that wait", queue, "0 or more");
        require(maxBodyBytes >= 1, "largest request", maxBodyBytes, "1 byte or more");
        require(!timeout.isNegative() && !timeout.isZero(), "time limit", timeout, "above 0");
    }

    private static void require(boolean condition, String name, Object value, String allowed) {
        if (!condition) {
            throw new IllegalArgumentException("The " + name + " is " + value + ", but must be " + allowed);
        }
    }

    /** For this machine alone, on any port, without a key; two requests at a time, eight that wait. */
    public static ServeOptions defaults(String modelName, List<String> providers) {
        return new ServeOptions("127.0.0.1", 0, Optional.empty(), modelName, providers, Optional.empty(), 1, 4096, 1024,
                2, 8, 1 << 20, Duration.ofMinutes(10), notice -> {});
    }

    public ServeOptions withAddress(String host, int port) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }

    public ServeOptions withApiKey(Optional<String> apiKey) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }

    public ServeOptions withChatFormat(Optional<ChatFormat> chatFormat) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }

    public ServeOptions withRepetitionPenalty(double repetitionPenalty) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }

    public ServeOptions withLengths(int contextLength, int maxTokens) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }

    public ServeOptions withQueue(int parallel, int queue) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }

    public ServeOptions withLimits(int maxBodyBytes, Duration timeout) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }

    public ServeOptions withNotices(Consumer<String> notices) {
        return new ServeOptions(host, port, apiKey, modelName, providers, chatFormat, repetitionPenalty, contextLength,
                maxTokens, parallel, queue, maxBodyBytes, timeout, notices);
    }
}
