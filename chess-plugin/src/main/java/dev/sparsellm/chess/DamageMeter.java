package dev.sparsellm.chess;

import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.TextRunner;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures on a text what leaving things out costs. Of each window all but the beginning is scored; all of it is masked,
 * since that can be run in batches.
 */
final class DamageMeter {

    /**
     * What was measured of one allocation.
     *
     * @param kl KL(dense ‖ sparse), nats, mean over positions
     * @param loss −log p of the next token, mean
     * @param denseLoss the same of the exact model
     * @param even cost of the windows with even numbers, ...
     * @param odd ... and of the others; NaN where there are none
     * @param kept {@code [layers][sites]}: share of values kept
     */
    record Damage(double kl, double loss, double denseLoss, double even, double odd, double[] kept) {

        /** What a search makes least. */
        double cost() {
            return kl;
        }

        /** Whether it costs less than another, on each half of the text. */
        boolean isBetterThan(Damage other) {
            return cost() < other.cost() && !(even > other.even) && !(odd > other.odd);
        }

        double perplexityRatio() {
            return Math.exp(loss - denseLoss);
        }
    }

    private final HostServices host;
    private final Windows windows;
    private final MaskedOperators operators;
    private final Selections selections;
    private final int vocab;
    private final int places;
    private final float[] expected; // [scored][vocab]

    DamageMeter(
            ModelDescription model, HostServices host, Windows windows, MaskedOperators operators, Selections selections) {
        this.host = host;
        this.windows = windows;
        this.operators = operators;
        this.selections = selections;
        vocab = model.shape().vocab();
        places = model.layers().size() * Site.values().length;
        int window = windows.ids(0).length;
        expected = new float[Math.multiplyExact(window - 1 - scoredFrom(window), vocab)];
    }

    /** What has some context: more positions than the half that perplexity scores, since each costs as much and is noisy. */
    private static int scoredFrom(int window) {
        return window / 8;
    }

    /** Measures allocations, {@code [layers][sites]} shares each. Windows outside, so that few logits are held. */
    List<Damage> measure(List<double[]> allocations, String what) {
        List<Sums> sums = new ArrayList<>();
        allocations.forEach(allocation -> sums.add(new Sums(places)));
        TextRunner text = host.text();
        long total = (long) windows.count() * allocations.size();
        long done = 0;
        try (ProgressSink.Work work = host.progress().start(what, total)) {
            for (int w = 0; w < windows.count(); w++) {
                int[] ids = windows.ids(w);
                int first = scoredFrom(ids.length);
                int half = w % 2;
                operators.use(new Selection[places]);
                text.run(ids, operators, (position, logits) -> {
                    if (position >= first && position + 1 < ids.length) {
                        System.arraycopy(logits, 0, expected, (position - first) * vocab, vocab);
                    }
                });
                for (int i = 0; i < allocations.size(); i++) {
                    if (Thread.interrupted()) {
                        Thread.currentThread().interrupt();
                        throw new ProviderException("The search for a budget was interrupted; nothing was written");
                    }
                    Sums into = sums.get(i);
                    operators.use(selections.of(allocations.get(i)));
                    text.run(ids, operators, (position, logits) -> {
                        if (position >= first && position + 1 < ids.length) {
                            into.add(half, expected, (position - first) * vocab, logits, vocab, ids[position + 1]);
                        }
                    });
                    into.count(operators);
                    work.done(++done);
                }
            }
        }
        return sums.stream().map(Sums::damage).toList();
    }

    private static final class Sums {

        private final long[] kept;
        private final long[] seen;
        private final double[] kl = new double[2]; // of even windows, of odd ones
        private final long[] positions = new long[2];
        private double loss;
        private double denseLoss;

        Sums(int places) {
            kept = new long[places];
            seen = new long[places];
        }

        void add(int half, float[] dense, int offset, float[] sparse, int vocab, int next) {
            double denseSum = logSumExp(dense, offset, vocab);
            double sparseSum = logSumExp(sparse, 0, vocab);
            double divergence = 0;
            for (int i = 0; i < vocab; i++) {
                double logP = dense[offset + i] - denseSum;
                divergence += Math.exp(logP) * (logP - (sparse[i] - sparseSum));
            }
            kl[half] += divergence;
            denseLoss += denseSum - dense[offset + next];
            loss += sparseSum - sparse[next];
            positions[half]++;
        }

        private static double logSumExp(float[] logits, int offset, int vocab) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < vocab; i++) {
                max = Math.max(max, logits[offset + i]);
            }
            double sum = 0;
            for (int i = 0; i < vocab; i++) {
                sum += Math.exp(logits[offset + i] - max);
            }
            return max + Math.log(sum);
        }

        void count(MaskedOperators operators) {
            for (int i = 0; i < kept.length; i++) {
                kept[i] += operators.kept(i);
                seen[i] += operators.seen(i);
            }
        }

        Damage damage() {
            double[] shares = new double[kept.length];
            for (int i = 0; i < shares.length; i++) {
                shares[i] = seen[i] == 0 ? 1 : (double) kept[i] / seen[i];
            }
            long all = positions[0] + positions[1];
            return new Damage((kl[0] + kl[1]) / all, loss / all, denseLoss / all, kl[0] / positions[0],
                    kl[1] / positions[1], shares);
        }
    }
}
