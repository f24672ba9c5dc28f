package dev.sparsellm.runtime.compare;

import dev.sparsellm.runtime.Generation;
import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.Session;
import dev.sparsellm.runtime.TokenSink;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;

/**
 * What two lineups write after the same prompt, and how fast: rounds in turn, a, b, b, a, a, b …, so that a machine
 * whose speed drifts treats both alike.
 *
 * @param a the first lineup's runs
 * @param b the second lineup's runs
 */
public record SideBySide(Side a, Side b) {

    /**
     * One lineup's runs.
     *
     * @param generation what it wrote, the same in every round
     * @param tokensPerSecond decode speed of each round
     * @param usage what its providers did while writing, one round
     */
    public record Side(Generation generation, List<Double> tokensPerSecond, SortedMap<OperatorKey, Usage> usage) {

        /** The median of rounds. */
        public double medianTokensPerSecond() {
            double[] sorted = tokensPerSecond.stream().mapToDouble(d -> d).sorted().toArray();
            int n = sorted.length;
            return n == 0 ? 0 : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        }
    }

    /**
     * Lets both write.
     *
     * @param rounds counted runs of each, after one that is not counted and warms the code up
     */
    public static SideBySide of(
            Model model,
            Lineup first,
            Lineup second,
            GenerationRequest request,
            int contextLength,
            int rounds,
            ProgressSink progress) {
        List<Double> speedA = new ArrayList<>();
        List<Double> speedB = new ArrayList<>();
        try (ProgressSink.Work work = progress.start("Writing side by side", 2L * rounds + 2)) {
            Run a = run(model, first, request, contextLength);
            work.done(1);
            Run b = run(model, second, request, contextLength);
            work.done(2);
            for (int round = 0; round < rounds; round++) {
                boolean swap = round % 2 == 1;
                double one = run(model, swap ? second : first, request, contextLength).generation.tokensPerSecond();
                work.done(2L * round + 3);
                double two = run(model, swap ? first : second, request, contextLength).generation.tokensPerSecond();
                work.done(2L * round + 4);
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
            Generation generation = session.generate(request, TokenSink.NONE);
            return new Run(generation, session.usages());
        }
    }

    /** How many times as fast the second is: the median over rounds of the ratio within a round. */
    public double speedRatio() {
        double[] ratios = new double[a.tokensPerSecond().size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = b.tokensPerSecond().get(i) / a.tokensPerSecond().get(i);
        }
        Arrays.sort(ratios);
        int n = ratios.length;
        return n == 0 ? Double.NaN : (ratios[(n - 1) / 2] + ratios[n / 2]) / 2;
    }

    /** The first token on which they differ, counted from 0; −1 if they write the same. */
    public int firstDifference() {
        return Arrays.mismatch(a.generation().ids(), b.generation().ids());
    }
}
