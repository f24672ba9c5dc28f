package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Usage;
import java.util.SplittableRandom;

/** What an operator declares about itself, and counts. */
final class ApproximationRules {

    /** For values that are left out, or not, by their last bits. */
    private static final double LAST_BITS = 0.01;

    private final Subject subject;

    ApproximationRules(Subject subject) {
        this.subject = subject;
    }

    private Trial trial() {
        return subject.prepare(TinyModel.of(subject.capabilities().someType())).orSkip();
    }

    void fitsTheOperator() {
        try (Trial trial = trial()) {
            for (OperatorKey key : trial.plan().taken()) {
                Approximation approximation = trial.prepared().approximation(key);
                assertNotNull(approximation, () -> "approximation(" + key + ") is null");
                assertTrue(isOfThisKind(key, approximation),
                        () -> key + " declares an approximation that is not one of this kind of operator");
            }
        }
    }

    private static boolean isOfThisKind(OperatorKey key, Approximation approximation) {
        return switch (approximation) {
            case Approximation.Exact exact -> true;
            case Approximation.OfInput rule -> key.kind() != OperatorKind.FEED_FORWARD
                    && key.kind() != OperatorKind.ACTIVATION;
            case Approximation.OfHidden rule -> key.kind() == OperatorKind.FEED_FORWARD;
        };
    }

    void isAFunction() {
        try (Trial trial = trial()) {
            for (OperatorKey key : trial.plan().taken()) {
                for (Phase phase : Phase.values()) {
                    double[] first = apply(trial, key, phase, 1);
                    apply(trial, key, phase, 2);
                    assertArrayEquals(first, apply(trial, key, phase, 1),
                            () -> "The approximation of " + key + " gives another answer when asked again");
                }
            }
        }
    }

    private static double[] apply(Trial trial, OperatorKey key, Phase phase, long seed) {
        boolean block = key.kind() == OperatorKind.FEED_FORWARD;
        int channels = block ? trial.model().description().shape().ffn() : key.kind() == OperatorKind.ACTIVATION ? 1
                : Oracle.inputs(trial.model().description(), key);
        double[] values = gaussian(channels, seed);
        switch (trial.prepared().approximation(key)) {
            case Approximation.Exact exact -> {}
            case Approximation.OfInput rule -> rule.change(phase, values);
            case Approximation.OfHidden rule -> {
                double[] gate = gaussian(channels, seed + 100);
                double[] before = gate.clone();
                rule.change(phase, gate, values);
                assertArrayEquals(before, gate, () -> "The approximation of " + key + " changes the gate it is shown");
            }
        }
        return values;
    }

    void changesSomething() {
        try (Trial trial = trial();
                SessionOperators session = trial.session(KitWorkers.one())) {
            for (Operator operator : trial.operators(session)) {
                Approximation approximation = trial.prepared().approximation(operator.key());
                if (approximation instanceof Approximation.Exact || !isOfThisKind(operator.key(), approximation)) {
                    continue;
                }
                float[] x = operator.input(Trial.MAX_BATCH, 4);
                double leftOut = 0;
                for (Phase phase : Phase.values()) {
                    for (int row = 0; row < Trial.MAX_BATCH; row++) {
                        leftOut += trial.oracle().leftOut(operator.key(), approximation, phase, x, row);
                    }
                }
                assertTrue(leftOut > 0, () -> operator.key() + " declares an approximation that changes nothing in "
                        + Trial.MAX_BATCH + " rows: declare it to be exact where nothing is left out");
            }
        }
    }

    private static double[] gaussian(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextGaussian();
        }
        return values;
    }

    void usage() {
        try (Trial trial = trial();
                SessionOperators session = trial.session(KitWorkers.one())) {
            for (Operator operator : trial.operators(session)) {
                OperatorKey key = operator.key();
                operator.apply(Phase.PREFILL, 3, operator.input(3, 1));
                Usage read = session.usage(key);
                operator.apply(Phase.DECODE, 1, operator.input(1, 2));
                operator.apply(Phase.DECODE, 2, operator.input(2, 3));
                Usage all = session.usage(key);
                if (all.equals(Usage.NONE)) {
                    continue;
                }
                assertEquals(3, read.rows(), () -> key + " counts rows wrongly in PREFILL");
                assertEquals(0, read.decodeRows() + read.bytesRead() + read.bytesDense(),
                        () -> key + " counts PREFILL as DECODE: " + read);
                assertEquals(6, all.rows(), () -> key + " counts rows wrongly");
                assertEquals(3, all.decodeRows(), () -> key + " counts rows of DECODE wrongly");
                assertEquals(2 * read.channels(), all.channels(), () -> key + " counts channels wrongly: " + all);
                assertTrue(all.kept() >= 0 && all.kept() <= all.channels() && all.bytesRead() >= 0,
                        () -> key + " keeps more channels than there are: " + all);
                if (trial.prepared().approximation(key) instanceof Approximation.Exact
                        && all.kept() != all.channels()) {
                    fail(key + " declares to be exact, and leaves channels out: " + all);
                }
                countsWeights(trial, key, all);
                leavesOutNoMore(trial, operator, Phase.PREFILL, read, new int[][] {{3, 1}});
                leavesOutNoMore(trial, operator, Phase.DECODE, all.since(read), new int[][] {{1, 2}, {2, 3}});
            }
        }
    }

    /** The exact operator reads its weights once in each of the two passes of three rows, or for each row. */
    private static void countsWeights(Trial trial, OperatorKey key, Usage usage) {
        long weights = Oracle.weightBytes(trial.model().description(), key);
        boolean counted = usage.bytesRead() != 0 || usage.bytesDense() != 0;
        assertTrue(!counted || usage.bytesDense() >= 2 * weights && usage.bytesDense() <= 3 * weights,
                () -> "%s counts %d bytes of weights that the exact operator would read in 2 passes, which has %d"
                        .formatted(key, usage.bytesDense(), weights));
    }

    /** @param batches rows and seed of each */
    private static void leavesOutNoMore(Trial trial, Operator operator, Phase phase, Usage usage, int[][] batches) {
        double declared = 0;
        for (int[] batch : batches) {
            float[] x = operator.input(batch[0], batch[1]);
            for (int row = 0; row < batch[0]; row++) {
                declared += trial.oracle().leftOut(
                        operator.key(), trial.prepared().approximation(operator.key()), phase, x, row) / usage.rows();
            }
        }
        double share = declared;
        assertTrue(usage.sparsity() <= share + LAST_BITS, () -> "%s counts a share of %.3f as left out in %s, and its"
                .formatted(operator.key(), usage.sparsity(), phase) + " declared approximation leaves out " + share);
    }
}
