package dev.sparsellm.runtime.compare;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.quality.Usages;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What two lineups write after the same prompt, and how fast: rounds in turn, a, b, b, a, a, b …, so that a machine
 * whose speed drifts treats both alike.
 *
 * @param a the first lineup's runs
 * @param b the second lineup's runs
 */
public record SideBySide(Side a, Side b) {

    private static final int FEWEST_ROUNDS = 3;
    private static final int MOST_ROUNDS = 15;
    private static final long TIME_FOR_ROUNDS_NANOS = 8_000_000_000L;

    /** A turn shorter than this would measure what else the machine happens to do: small models write several times. */
    private static final long SHORTEST_TURN_NANOS = 250_000_000L;

    private static final int MOST_REPEATS = 32;

    /**
     * One lineup's runs.
     *
     * @param generation what it wrote, the same in every round
     * @param tokensPerSecond decode speed of each round
     * @param usage what its providers did while writing, one round, the prompt not counted
     */
    public record Side(Generation generation, List<Double> tokensPerSecond, SortedMap<OperatorKey, Usage> usage) {

        /** The median of rounds; NaN where nothing was decoded. */
        public double medianTokensPerSecond() {
            return median(tokensPerSecond);
        }
    }

    /**
     * Lets both write.
     *
     * @param rounds counted runs of each, after one that is not counted and warms the code up; 0 for as many as take
     *     some eight seconds, from 3 to 15
     */
    public static SideBySide of(
            Model model,
            Lineup first,
            Lineup second,
            GenerationRequest request,
            int contextLength,
            int rounds,
            ProgressSink progress) {
        if (rounds < 0) {
            throw new IllegalArgumentException("The number of rounds cannot be negative, was " + rounds);
        }
        long start = System.nanoTime();
        Run a = run(model, first, request, contextLength);
        Run b = run(model, second, request, contextLength);
        long once = Math.max(System.nanoTime() - start, 2 * SHORTEST_TURN_NANOS);
        int counted = rounds > 0
                ? rounds
                : Math.clamp(TIME_FOR_ROUNDS_NANOS / once, FEWEST_ROUNDS, MOST_ROUNDS);
        List<Double> speedA = new ArrayList<>();
        List<Double> speedB = new ArrayList<>();
        try (ProgressSink.Work work = progress.start("Writing side by side", 2L * counted)) {
            for (int round = 0; round < counted; round++) {
                boolean swap = round % 2 == 1;
                double one = speed(model, swap ? second : first, request, contextLength);
                work.done(2L * round + 1);
                double two = speed(model, swap ? first : second, request, contextLength);
                work.done(2L * round + 2);
                speedA.add(swap ? two : one);
                speedB.add(swap ? one : two);
            }
            return new SideBySide(
                    new Side(a.generation, List.copyOf(speedA), a.usage),
                    new Side(b.generation, List.copyOf(speedB), b.usage));
        }
    }

    private record Run(Generation generation, SortedMap<OperatorKey, Usage> usage) {}

    private static Run run(Model model, Lineup lineup, GenerationRequest request, int contextLength) {
        try (Session session = model.newSession(lineup, contextLength)) {
            SortedMap<OperatorKey, Usage> ofPrompt = new TreeMap<>();
            Generation generation = session.generate(request, (id, text) -> {
                if (ofPrompt.isEmpty()) {
                    ofPrompt.putAll(session.usages());
                }
                return true;
            });
            SortedMap<OperatorKey, Usage> usage = new TreeMap<>();
            Usages.add(usage, session.usages(), ofPrompt);
            return new Run(generation, usage);
        }
    }

    /** Tokens decoded in a second, in one turn; NaN where nothing is. */
    static double speed(Model model, Lineup lineup, GenerationRequest request, int contextLength) {
        long passes = 0;
        long nanos = 0;
        for (int n = 0; n < MOST_REPEATS && nanos < SHORTEST_TURN_NANOS; n++) {
            Generation generation = run(model, lineup, request, contextLength).generation;
            passes += generation.decodePasses();
            nanos += generation.decodeNanos();
        }
        return passes < 1 ? Double.NaN : passes * 1e9 / nanos;
    }

    /** How many times as fast the second is: the median over rounds of the ratio within a round. */
    public double speedRatio() {
        return median(speedRatios());
    }

    /** How many times as fast the second is, in each round. */
    public List<Double> speedRatios() {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < a.tokensPerSecond().size(); i++) {
            ratios.add(b.tokensPerSecond().get(i) / a.tokensPerSecond().get(i));
        }
        return ratios;
    }

    static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(d -> d).sorted().toArray();
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    /** The first token on which they differ, counted from 0; −1 if they write the same. */
    public int firstDifference() {
        return Arrays.mismatch(a.generation().ids(), b.generation().ids());
    }
}
