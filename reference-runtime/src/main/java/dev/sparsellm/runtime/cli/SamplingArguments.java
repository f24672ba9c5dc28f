package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.sampling.SamplingOptions;
import java.util.random.RandomGenerator;
import picocli.CommandLine.Option;

/** How tokens are chosen. */
final class SamplingArguments {

    private static final SamplingOptions DEFAULTS = SamplingOptions.defaults(0);

    @Option(
            names = {"--temp", "--temperature"},
            paramLabel = "T",
            description = "0 always takes the likeliest token. Default: 0.8.")
    private double temperature = DEFAULTS.temperature();

    @Option(names = "--top-k", paramLabel = "K", description = "Only the K likeliest; 0: all. Default: 40.")
    private int topK = DEFAULTS.topK();

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Only the likeliest that together have this probability; 1: all. Default: 0.95.")
    private double topP = DEFAULTS.topP();

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Only those with this share of the likeliest one's probability; 0: all. Default: 0.05.")
    private double minP = DEFAULTS.minP();

    @Option(
            names = "--repeat-penalty",
            paramLabel = "X",
            description = "Makes recent tokens less likely; 1: off. Default: 1.")
    private double repetitionPenalty = DEFAULTS.repetitionPenalty();

    @Option(
            names = "--repeat-last-n",
            paramLabel = "N",
            description = "How many tokens are recent; -1: all. Default: 64.")
    private int repetitionWindow = DEFAULTS.repetitionWindow();

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "S",
            description = "Of the random numbers: the same seed gives the same text. Default: another one each time.")
    private Long seed;

    /** @throws UsageException if a value is out of range */
    SamplingOptions options() {
        long start = seed == null ? RandomGenerator.getDefault().nextLong(1L << 32) : seed;
        try {
            return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, repetitionWindow, start);
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage());
        }
    }
}
