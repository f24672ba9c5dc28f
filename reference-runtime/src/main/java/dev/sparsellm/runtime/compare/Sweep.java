package dev.sparsellm.runtime.compare;

import dev.sparsellm.runtime.GenerationRequest;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.compare.Comparison.Subject;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.runtime.sampling.SamplingOptions;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * One model under many lineups that leave out more and more: what each costs, and what it saves. Stays valid when the
 * model is closed.
 *
 * @param subject the model
 * @param request what was done
 * @param reference the lineup all others are compared with
 * @param points in the order asked for
 */
public record Sweep(Subject subject, Request request, Reference reference, List<Point> points) {

    public Sweep {
        points = List.copyOf(points);
    }

    /**
     * What to do.
     *
     * @param windows the text that is scored
     * @param textName what it is, in a few words
     * @param prompt to write on from, when speed is measured
     * @param tokens to write in each turn
     * @param rounds turns of each lineup that count; 0 measures no speed
     */
    public record Request(Windows windows, String textName, int[] prompt, int tokens, int rounds) {}

    /**
     * A lineup to try.
     *
     * @param preference such as {@code chess:method=cats:sparsity=0.5}
     * @param series whose line it belongs to
     * @param level how far along the line, such as the share asked for
     */
    public record Candidate(String preference, String series, double level) {}

    /**
     * What all are compared with.
     *
     * @param perplexity of the text
     * @param weightBytes read for a token
     * @param tokensPerSecond decode speed, by round
     */
    public record Reference(String preference, double perplexity, double weightBytes, List<Double> tokensPerSecond) {}

    /**
     * What was found of a lineup.
     *
     * @param perplexity of the text
     * @param meanKl KL(reference ‖ this), nats, averaged over positions
     * @param klP99 what 99 % of positions do not exceed
     * @param sameTop share of positions where both put the same token first
     * @param traffic weights read for a token
     * @param layers shares left out, by layer
     * @param tokensPerSecond decode speed, by round
     */
    public record Point(
            Candidate candidate,
            double perplexity,
            double meanKl,
            double klP99,
            double sameTop,
            WeightTraffic traffic,
            List<LayerSparsity> layers,
            List<Double> tokensPerSecond) {}

    /** Measures quality, which warms the code up, then speed: every lineup in each round, forwards and backwards. */
    public static Sweep of(
            Model model, String reference, List<Candidate> candidates, Request request, ProgressSink progress) {
        ModelDescription description = model.description();
        Lineup first = model.lineup(reference);
        List<Lineup> others = new ArrayList<>();
        try (ProgressSink.Work work = progress.start("Preparing", candidates.size())) {
            for (Candidate candidate : candidates) {
                others.add(model.lineup(candidate.preference()));
                work.done(others.size());
            }
        }
        List<TextQuality> qualities = TextQuality.of(model, first, others, request.windows(), progress);
        List<Lineup> all = new ArrayList<>(others);
        all.addFirst(first);
        List<List<Double>> speeds = DecodeSpeed.inTurns(model, all, request, progress);
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            points.add(point(description, candidates.get(i), qualities.get(i), speeds.get(i + 1)));
        }
        SortedMap<OperatorKey, Usage> dense = qualities.getFirst().referenceUsage();
        return new Sweep(
                new Subject(
                        description.name(),
                        model.path().toString(),
                        description.fingerprint(),
                        description.shape().layers(),
                        description.shape().vocab(),
                        model.kernels(),
                        model.threads()),
                request,
                new Reference(
                        reference,
                        qualities.getFirst().referencePerplexity(),
                        WeightTraffic.of(description, dense).bytes(),
                        speeds.getFirst()),
                points);
    }

    private static Point point(
            ModelDescription model, Candidate candidate, TextQuality quality, List<Double> tokensPerSecond) {
        Map<OperatorKey, Usage> usage = quality.otherUsage();
        return new Point(
                candidate,
                quality.otherPerplexity(),
                quality.meanKl(),
                quality.klQuantile(0.99),
                quality.sameTop(),
                WeightTraffic.of(model, usage),
                LayerSparsity.of(model.shape().layers(), usage),
                tokensPerSecond);
    }

    /** How many times as fast as the reference a lineup could be if reading weights were all that takes time. */
    public double idealRatio(Point point) {
        return reference.weightBytes() / point.traffic().bytes();
    }

    /** How many times as fast as the reference it is: the median over rounds of the ratio within a round. */
    public double speedRatio(Point point) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < point.tokensPerSecond().size(); round++) {
            ratios.add(point.tokensPerSecond().get(round) / reference.tokensPerSecond().get(round));
        }
        return SideBySide.median(ratios);
    }

    /** The median over rounds; NaN where none was measured. */
    public static double median(List<Double> values) {
        return SideBySide.median(values);
    }

    /** What is written when speed is measured. */
    static GenerationRequest writing(Request request) {
        return new GenerationRequest(
                request.prompt(), request.tokens(), SamplingOptions.greedy(), List.of(), true);
    }
}
