package dev.sparsellm.chess;

import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.kernels.Reading;
import dev.sparsellm.kernels.SharedRows;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.WorkerGroup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Measures {@link Crossover}s: runs the exact and the sparse operators of some layers in turns, with each {@link Reading}, on a row
 * of noise, with channels left out at random. Real texts leave out neighbours together more often than chance does, which is faster.
 */
final class CrossoverMeter {

    /**
     * Fewer bytes are not measured, and operators then leave out whatever they may: models so small are for tests. Q and O of
     * the 1B shape in Q4_0 have 75 MB in all, and cost a token a tenth at 0.2 where they did not run dense.
     */
    private static final long FEWEST_BYTES = 64L << 20;

    /** As many are taken if there are: some last-level caches hold 480 MB, from which leaving out pays earlier. */
    private static final long ENOUGH_BYTES = 512L << 20;

    /**
     * Below the first, operators run dense. Measured alone on Intel, those of the 8B shape in Q8_0 gain 1.05 from 0.1 on; in
     * whole models they then had 0.95 of dense at 0.1 and 0.98 at 0.2.
     */
    private static final double[] SHARES = {0.25, 0.4, 0.6, 0.8};

    /** Operators are warm when none has become faster for so long: a large kernel takes C2 a second, or more if busy. */
    private static final long WARM_NANOS = 1_500_000_000;

    private static final long LONGEST_WARM_UP_NANOS = 15_000_000_000L;
    private static final double FASTER = 0.95;
    private static final int ROUNDS = 15;
    private static final Pass ONE_ROW = new Pass(Phase.DECODE, 0, 1);

    private final ModelDescription model;
    private final DenseOperators dense;
    private final Kernels kernels;
    private final WorkerGroup workers;
    private final SharedRows rows;

    CrossoverMeter(ModelDescription model, DenseOperators dense, Kernels kernels, WorkerGroup workers) {
        this.model = model;
        this.dense = dense;
        this.kernels = kernels;
        this.workers = workers;
        rows = new SharedRows(kernels);
    }

    /** An operator of some layer, and its weights by channel. */
    record Candidate(OperatorKey key, ChannelProduct product) {}

    /** Whether these are more than caches hold, so that it can be measured, and matters. */
    boolean isMeasurable(List<Candidate> candidates) {
        return candidates.stream().mapToLong(candidate -> bytes(candidate.key())).sum() >= FEWEST_BYTES;
    }

    private long bytes(OperatorKey key) {
        return Site.of(key.kind()).orElseThrow().bytes(model.layers().get(key.layer()));
    }

    /** @param candidates operators that differ in their weights only */
    Crossover measure(List<Candidate> candidates) {
        List<Candidate> some = new ArrayList<>();
        long bytes = 0;
        for (int i = 0; i < candidates.size() && bytes < ENOUGH_BYTES; i++) {
            some.add(candidates.get(i));
            bytes += bytes(candidates.get(i).key());
        }
        Runnable exact = round(some, 0, Reading.FEW_LINES);
        Map<Reading, List<Runnable>> sparse = new EnumMap<>(Reading.class);
        for (Reading reading : Reading.values()) {
            sparse.put(reading, Arrays.stream(SHARES).mapToObj(share -> round(some, share, reading)).toList());
        }
        warmUp(Stream.concat(Stream.of(exact), sparse.values().stream().flatMap(List::stream)).toList());
        Map<Reading, double[][]> gains = new EnumMap<>(Reading.class); // [shares][rounds] of each
        sparse.keySet().forEach(reading -> gains.put(reading, new double[SHARES.length][ROUNDS]));
        for (int round = 0; round < ROUNDS; round++) {
            double nanos = nanos(exact);
            for (Reading reading : sparse.keySet()) {
                for (int s = 0; s < SHARES.length; s++) {
                    gains.get(reading)[s][round] = nanos / nanos(sparse.get(reading).get(s));
                }
            }
        }
        Map<Reading, double[]> medians = new EnumMap<>(Reading.class);
        gains.forEach((reading, ofRounds) ->
                medians.put(reading, Arrays.stream(ofRounds).mapToDouble(CrossoverMeter::median).toArray()));
        return Crossover.of(SHARES, medians);
    }

    private static void warmUp(List<Runnable> runs) {
        long[] best = new long[runs.size()];
        Arrays.fill(best, Long.MAX_VALUE);
        long start = System.nanoTime();
        long improved = start;
        for (long now = start;
                now - improved < WARM_NANOS && now - start < LONGEST_WARM_UP_NANOS;
                now = System.nanoTime()) {
            for (int i = 0; i < best.length; i++) {
                long nanos = nanos(runs.get(i));
                if (nanos < FASTER * best[i]) {
                    best[i] = nanos;
                    improved = System.nanoTime();
                }
            }
        }
    }

    private static long nanos(Runnable run) {
        long start = System.nanoTime();
        run.run();
        return System.nanoTime() - start;
    }

    static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    /** Runs each operator once; exactly at share 0. */
    private Runnable round(List<Candidate> candidates, double share, Reading reading) {
        SplittableRandom random = new SplittableRandom(1);
        TreeMap<OperatorKey, Optional<PreparedSite>> sites = new TreeMap<>();
        for (Candidate candidate : candidates) {
            ChannelProduct product = candidate.product();
            sites.put(candidate.key(), share == 0
                    ? Optional.empty()
                    : Optional.of(new PreparedSite(
                            atRandom(product.columns(), share, random),
                            product,
                            new float[product.rows()],
                            Parts.of(product.columns(), product.group()),
                            share,
                            true,
                            reading)));
        }
        SparseSession session = new SparseSession(
                model,
                sites,
                new Protection(false, 0, false),
                dense,
                kernels,
                rows,
                new SessionContext(1, workers));
        int width = candidates.stream()
                .mapToInt(c -> Math.max(model.shape().dim(), c.product().columns()))
                .max()
                .orElseThrow();
        float[] x = new float[width];
        float[] y = new float[Math.max(width, candidates.getFirst().product().rows())];
        for (int i = 0; i < width; i++) {
            x[i] = (float) (random.nextDouble() - 0.5);
        }
        return () -> {
            for (OperatorKey key : sites.keySet()) {
                if (key.kind() == OperatorKind.FEED_FORWARD) {
                    session.feedForward(key.layer()).orElseThrow().apply(ONE_ROW, x, y);
                } else {
                    session.projection(key).orElseThrow().apply(ONE_ROW, x, y);
                }
            }
        };
    }

    /** Bounds that leave out a channel whatever its value, or never. */
    static Selection atRandom(int channels, double share, SplittableRandom random) {
        float[] lower = new float[channels];
        float[] upper = new float[channels];
        for (int i = 0; i < channels; i++) {
            boolean leftOut = random.nextDouble() < share;
            lower[i] = leftOut ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
            upper[i] = -lower[i];
        }
        return new Selection(lower, upper, new float[channels], false, 0, share);
    }
}
