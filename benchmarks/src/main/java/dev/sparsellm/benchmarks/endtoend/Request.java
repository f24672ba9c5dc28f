package dev.sparsellm.benchmarks.endtoend;

import java.util.List;

/**
 * What to measure on one file.
 *
 * @param title of its table
 * @param model the file
 * @param profile a calibration of it
 * @param cache folder for what providers keep
 * @param threads that compute, in every runtime
 * @param promptTokens read in each round
 * @param tokens written in each round
 * @param rounds that count, after one that does not
 * @param rest seconds to wait after a process has ended
 * @param llamaCpp {@code llama-bench} programs by the name of their rows
 * @param llama3Java a folder of compiled classes; empty for none
 */
record Request(
        String title,
        String model,
        String profile,
        String cache,
        int threads,
        int promptTokens,
        int tokens,
        int rounds,
        int rest,
        List<Entrant> entrants,
        List<Program> llamaCpp,
        String llama3Java) {

    /** A program and what to call it. */
    record Program(String name, String path) {}
}
