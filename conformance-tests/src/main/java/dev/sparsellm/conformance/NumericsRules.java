package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.fail;

import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;

/** Results against the F64 oracle. */
final class NumericsRules {

    private static final int[] BATCHES = {1, 2, 3, 8, Trial.MAX_BATCH};
    private static final int[] FEW_BATCHES = {1, 9};

    /** Wrong results of a group after which no more of it are looked for. */
    static final int ENOUGH = 8;

    /** Multiplications of an operator up to which all batches are tried. */
    private static final int SMALL = 32 * 32 * 33;

    private final Subject subject;

    NumericsRules(Subject subject) {
        this.subject = subject;
    }

    /** Kinds of operators that a rule is about. */
    enum Group {
        EXACT_PROJECTIONS,
        EXACT_BLOCKS,
        APPROXIMATE;

        static Group of(Operator operator, Approximation approximation) {
            if (!(approximation instanceof Approximation.Exact)) {
                return APPROXIMATE;
            }
            return operator.key().kind() == OperatorKind.FEED_FORWARD ? EXACT_BLOCKS : EXACT_PROJECTIONS;
        }
    }

    /**
     * What was compared on one type of weights.
     *
     * @param compared operators
     * @param wrong results, in words
     */
    record Findings(Map<Group, Integer> compared, Map<Group, List<String>> wrong, String refusal) {}

    /** What kinds of operators the provider has at all. */
    Set<Group> groups() {
        Set<Group> groups = EnumSet.noneOf(Group.class);
        try (Trial trial = subject.prepare(TinyModel.of(subject.capabilities().someType()));
                SessionOperators session = trial.session(KitWorkers.one())) {
            for (Operator operator : trial.operators(session)) {
                groups.add(Group.of(operator, trial.prepared().approximation(operator.key())));
            }
        }
        return groups;
    }

    /** Compares all operators on weights of a type, over all shapes, batches and phases, while they are right. */
    Findings compare(TensorType type) {
        Map<Group, Integer> compared = new EnumMap<>(Group.class);
        Map<Group, List<String>> wrong = new EnumMap<>(Group.class);
        String refusal = "no such operator is taken";
        for (ActivationFunction activation : functions()) {
            for (Dimensions dimensions : Dimensions.of(type)) {
                TinyModel model = TinyModel.of(type, dimensions, activation, 1);
                try (Trial trial = subject.prepare(model);
                        SessionOperators session = trial.session(KitWorkers.one())) {
                    refusal = trial.plan().firstRefusal().map(r -> r.reason()).orElse(refusal);
                    for (Operator operator : trial.operators(session)) {
                        Group group = Group.of(operator, trial.prepared().approximation(operator.key()));
                        compared.merge(group, 1, Integer::sum);
                        compare(trial, operator, dimensions, wrong.computeIfAbsent(group, g -> new ArrayList<>()));
                    }
                }
                if (!wrong.isEmpty() && wrong.values().stream().allMatch(results -> results.size() >= ENOUGH)) {
                    return new Findings(compared, wrong, refusal);
                }
            }
        }
        return new Findings(compared, wrong, refusal);
    }

    private Iterable<ActivationFunction> functions() {
        return subject.capabilities().activations().isEmpty()
                ? List.of(ActivationFunction.SILU)
                : subject.capabilities().activations();
    }

    private void compare(Trial trial, Operator operator, Dimensions dimensions, List<String> wrong) {
        for (Phase phase : Phase.values()) {
            for (int batch : operator.inputs() * operator.outputs() <= SMALL ? BATCHES : FEW_BATCHES) {
                if (wrong.size() >= ENOUGH) {
                    return;
                }
                String what = "%s of %d inputs and %d outputs, %s of %d rows (%s): "
                        .formatted(operator.key(), operator.inputs(), operator.outputs(), phase, batch, dimensions);
                float[] x = operator.input(batch, batch);
                try {
                    float[] y = operator.apply(phase, batch, x.clone());
                    double error = error(trial, operator, phase, batch, x, y);
                    if (!(error <= subject.capabilities().maxNmse())) {
                        wrong.add(what + "NMSE %.2e where %.0e is allowed"
                                .formatted(error, subject.capabilities().maxNmse()));
                    }
                } catch (RuntimeException e) {
                    wrong.add(what + e);
                }
            }
        }
    }

    /** Normalised mean square error of a batch. */
    static double error(Trial trial, Operator operator, Phase phase, int batch, float[] x, float[] y) {
        double error = 0;
        double size = 0;
        for (int b = 0; b < batch; b++) {
            double[] row = trial.oracle()
                    .row(operator.key(), trial.prepared().approximation(operator.key()), phase, x, b)
                    .error(y, b * operator.outputs());
            error += row[0];
            size += row[1];
        }
        return error == 0 ? 0 : error / size;
    }

    /** Activations taken, over part of a row. */
    void activations() {
        int compared = 0;
        for (ActivationFunction function : functions()) {
            TensorType type = subject.capabilities().someType();
            TinyModel model = TinyModel.of(type, Dimensions.some(type), function, 1);
            try (Trial trial = subject.prepare(model);
                    SessionOperators session = trial.session(KitWorkers.one())) {
                if (trial.plan().takes(new OperatorKey(OperatorKind.ACTIVATION, 0))) {
                    compared++;
                    compare(session.activation(0).orElseThrow(), function, model.description().shape().ffn());
                }
            }
        }
        Assumptions.assumeTrue(compared > 0, "no activation is taken");
    }

    private static void compare(Activation activation, ActivationFunction function, int ffn) {
        float[] gate = new float[3 * ffn];
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < gate.length; i++) {
            gate[i] = (float) (3 * random.nextGaussian());
        }
        float[] before = gate.clone();
        int from = ffn / 3;
        int to = ffn - 1;
        activation.apply(new Pass(Phase.DECODE, 0, 1), gate, ffn, from, to);
        for (int i = 0; i < gate.length; i++) {
            boolean inside = i >= ffn + from && i < ffn + to;
            double expected = inside ? Matrices.activate(function, before[i]) : before[i];
            double allowed = inside ? 1e-5 * Math.abs(before[i]) : 0;
            if (!(Math.abs(gate[i] - expected) <= allowed)) {
                fail("Element %d of an activation of channels %d to %d at offset %d is %s, and should be %s"
                        .formatted(i, from, to, ffn, gate[i], expected));
            }
        }
    }

    /** What is not finite stays so, and in its row. */
    void notFinite() {
        TinyModel model = TinyModel.of(subject.capabilities().someType());
        try (Trial trial = subject.prepare(model).orSkip();
                SessionOperators session = trial.session(KitWorkers.one())) {
            for (Operator operator : trial.operators(session)) {
                for (Phase phase : Phase.values()) {
                    for (float value : new float[] {
                        Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
                    }) {
                        notFinite(trial, operator, phase, value);
                    }
                }
            }
        }
    }

    /** Neither do numbers of a file become others. What an approximation leaves out need not be read, though. */
    void notFiniteWeights(Set<TensorType> types) {
        Set<Group> groups = groups();
        Assumptions.assumeTrue(groups.contains(Group.EXACT_PROJECTIONS) || groups.contains(Group.EXACT_BLOCKS),
                "no operator declares to be exact");
        for (TensorType type : types) {
            TinyModel sound = TinyModel.of(type);
            LayerWeights first = sound.description().layers().getFirst();
            Tensor gate = Weights.with(first.gate(), Float.NaN);
            Tensor up = Weights.with(first.up(), Float.POSITIVE_INFINITY);
            Tensor down = Weights.with(first.down(), Float.NEGATIVE_INFINITY);
            notFiniteWeights(sound, Float.NaN, gate, first.up(), first.down());
            notFiniteWeights(sound, Float.POSITIVE_INFINITY, first.gate(), up, first.down());
            notFiniteWeights(sound, Float.NEGATIVE_INFINITY, first.gate(), first.up(), down);
        }
    }

    private void notFiniteWeights(TinyModel sound, float value, Tensor gate, Tensor up, Tensor down) {
        LayerWeights first = sound.description().layers().getFirst();
        TinyModel model = sound.withFirstLayer(new LayerWeights(
                Weights.with(first.query(), value), Weights.with(first.key(), value),
                Weights.withInEachRow(first.value(), value), Weights.with(first.attentionOutput(), value), gate, up, down));
        // The fingerprint is that of the sound one: a provider, and a cache, that do not know it.
        Path cache = subject.folder().resolve("%s %s".formatted(first.gate().type(), value));
        try (Trial trial = subject.afresh().prepare(model, KitWorkers.one(), cache);
                SessionOperators session = trial.session(KitWorkers.one())) {
            for (Operator operator : trial.operators(session)) {
                if (operator.key().layer() == 0 && operator.key().kind() != OperatorKind.OUTPUT
                        && trial.prepared().approximation(operator.key()) instanceof Approximation.Exact) {
                    for (int batch : new int[] {1, 3}) {
                        notFinite(trial, operator, Phase.DECODE, operator.input(batch, 9),
                                "%s of a batch of %d with %s among its weights of type %s"
                                        .formatted(operator.key(), batch, value, first.gate().type()));
                    }
                }
            }
        }
    }

    private void notFinite(Trial trial, Operator operator, Phase phase, float value) {
        float[] x = operator.input(3, 9);
        x[operator.inputs() + operator.inputs() / 2] = value;
        notFinite(trial, operator, phase, x,
                "%s of a batch of 3 in %s with %s in its second row".formatted(operator.key(), phase, value));
    }

    private static void notFinite(Trial trial, Operator operator, Phase phase, float[] x, String what) {
        Approximation approximation = trial.prepared().approximation(operator.key());
        int batch = x.length / operator.inputs();
        float[] y = operator.apply(phase, batch, x.clone());
        boolean reached = false;
        for (int b = 0; b < batch; b++) {
            Expected expected = trial.oracle().row(operator.key(), approximation, phase, x, b);
            for (int r = 0; r < operator.outputs(); r++) {
                float got = y[b * operator.outputs() + r];
                if (Float.isFinite(got) != Double.isFinite(expected.values()[r])) {
                    fail("%s gives %s for output %d of row %d, and should give %s"
                            .formatted(what, got, r, b, expected.values()[r]));
                }
                reached |= !Float.isFinite(got);
            }
        }
        if (!reached) {
            fail(what + " gives nothing but finite numbers");
        }
    }
}
