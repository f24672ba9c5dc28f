package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.SessionOperators;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** What an operator reads and writes besides what it is for. */
final class PurityRules {

    private static final int[] BATCHES = {1, 5, Trial.MAX_BATCH};
    private static final int EXTRA = 37;
    private static final float SENTINEL = 1234.5f;

    private final Subject subject;

    PurityRules(Subject subject) {
        this.subject = subject;
    }

    private void each(BiConsumer<Operator, Pass> check) {
        TinyModel model = TinyModel.of(subject.capabilities().someType());
        try (Trial trial = subject.prepare(model).orSkip();
                SessionOperators session = trial.session(KitWorkers.one())) {
            for (Operator operator : trial.operators(session)) {
                for (Phase phase : Phase.values()) {
                    for (int batch : BATCHES) {
                        check.accept(operator, new Pass(phase, 5, batch));
                    }
                }
            }
        }
    }

    void inputsUntouched() {
        each((operator, pass) -> {
            float[] x = Operator.longer(operator.input(pass.batch(), 1), EXTRA, SENTINEL);
            float[] before = x.clone();
            operator.call().apply(pass, x, new float[pass.batch() * operator.outputs()]);
            assertArrayEquals(before, x, () -> operator.key() + " changes its input in " + pass);
        });
    }

    void nothingElseWritten() {
        each((operator, pass) -> {
            float[] x = operator.input(pass.batch(), 1);
            float[] y = Operator.longer(new float[pass.batch() * operator.outputs()], EXTRA, SENTINEL);
            operator.call().apply(pass, x, y);
            for (int i = y.length - EXTRA; i < y.length; i++) {
                int at = i - (y.length - EXTRA);
                assertEquals(SENTINEL, y[i], () -> operator.key() + " writes element " + at + " behind its output in "
                        + pass);
            }
        });
    }

    /** An output that holds NaN beforehand shows what is added to instead of overwritten, or left out. */
    void allOverwritten() {
        each((operator, pass) -> {
            float[] y = new float[pass.batch() * operator.outputs()];
            Arrays.fill(y, Float.NaN);
            operator.call().apply(pass, operator.input(pass.batch(), 1), y);
            for (int i = 0; i < y.length; i++) {
                int at = i;
                assertFalse(Float.isNaN(y[i]), () -> operator.key() + " does not overwrite element " + at
                        + " of its output in " + pass);
            }
        });
    }

    /** Arrays longer than needed are common: a host has one for all batches. */
    void nothingElseRead() {
        each((operator, pass) -> {
            float[] x = operator.input(pass.batch(), 1);
            float[] expected = new float[pass.batch() * operator.outputs()];
            operator.call().apply(pass, x.clone(), expected);
            float[] y = new float[expected.length];
            operator.call().apply(pass, Operator.longer(x, EXTRA, Float.NaN), y);
            assertArrayEquals(expected, y, () -> operator.key() + " reads behind its input in " + pass);
        });
    }

    /** The same operator, other work in between. */
    void noHistory() {
        TinyModel model = TinyModel.of(subject.capabilities().someType());
        try (Trial trial = subject.prepare(model).orSkip();
                SessionOperators session = trial.session(KitWorkers.one())) {
            float[] first = Runs.all(trial, session);
            for (Operator operator : trial.operators(session)) {
                operator.apply(Phase.DECODE, Trial.MAX_BATCH, operator.input(Trial.MAX_BATCH, 2));
                operator.apply(Phase.PREFILL, 2, operator.input(2, 3));
            }
            assertArrayEquals(first, Runs.all(trial, session), "Results depend on what was computed before");
        }
    }

    void weightsUntouched() {
        TinyModel model = TinyModel.of(subject.capabilities().someType());
        List<byte[]> before = bytes(model);
        try (Trial trial = subject.prepare(model).orSkip()) {
            Runs.all(trial, KitWorkers.one());
        }
        List<byte[]> after = bytes(model);
        for (int i = 0; i < before.size(); i++) {
            assertArrayEquals(before.get(i), after.get(i), "The model's weights have changed");
        }
    }

    private static List<byte[]> bytes(TinyModel model) {
        return model.description().layers().stream()
                .flatMap(w -> Stream.of(
                        w.query(), w.key(), w.value(), w.attentionOutput(), w.gate(), w.up(), w.down()))
                .map(tensor -> tensor.data().toArray(ValueLayout.JAVA_BYTE))
                .toList();
    }
}
