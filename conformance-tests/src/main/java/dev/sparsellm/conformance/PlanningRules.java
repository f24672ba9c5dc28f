package dev.sparsellm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** What a provider says it would do, and whether it does. */
final class PlanningRules {

    private final Subject subject;

    PlanningRules(Subject subject) {
        this.subject = subject;
    }

    private Plan plan(ModelDescription model) {
        return subject.provider().plan(model, subject.settings());
    }

    private TinyModel some() {
        return TinyModel.of(subject.capabilities().someType());
    }

    void sameAnswer() {
        ModelDescription model = some().description();
        Plan first = plan(model);
        plan(TinyModel.of(model.output().type(), Dimensions.some(model.output().type()), model.activation(), 2)
                .description());
        assertEquals(first, plan(model), "plan() gives another answer for the same arguments");
    }

    /** The weights are gone: whoever reads them gets an exception. */
    void readsNoWeights() {
        ModelDescription model = some().description();
        Plan expected = plan(model);
        MemorySegment[] gone = new MemorySegment[1];
        ModelDescription without = withTensors(model, tensor -> {
            try (Arena arena = Arena.ofConfined()) {
                gone[0] = arena.allocate(tensor.data().byteSize());
            }
            return new Tensor(tensor.name(), tensor.type(), tensor.rows(), tensor.columns(), gone[0]);
        });
        Plan got;
        try {
            got = plan(without);
        } catch (IllegalStateException e) {
            fail("plan() reads weights", e);
            return;
        }
        assertEquals(expected.taken(), got.taken(), "plan() depends on more than shapes, types and settings");
    }

    void takesWhatItClaims() {
        List<String> missing = new ArrayList<>();
        Capabilities claims = subject.capabilities();
        for (TensorType type : new TreeSet<>(claims.types())) {
            for (ActivationFunction activation : ActivationFunction.values()) {
                for (Dimensions dimensions : Dimensions.of(type)) {
                    Plan plan = plan(TinyModel.of(type, dimensions, activation, 1).description());
                    for (OperatorKey key : OperatorKey.all(dimensions.shape())) {
                        if (claimed(claims, key, activation) && !plan.takes(key)) {
                            missing.add(key + " on " + type + ", " + activation + ", " + dimensions + ": "
                                    + plan.decisions().get(key));
                        }
                    }
                }
            }
        }
        assertTrue(missing.isEmpty(), () -> "Claimed among the capabilities, and not taken: " + missing.size()
                + " operators, such as " + missing.getFirst());
    }

    private static boolean claimed(Capabilities claims, OperatorKey key, ActivationFunction activation) {
        boolean matters = claims.kinds().contains(OperatorKind.FEED_FORWARD)
                || claims.kinds().contains(OperatorKind.ACTIVATION);
        return claims.kinds().contains(key.kind()) && (!matters || claims.activations().contains(activation));
    }

    /** Nobody can serve weights that are whole numbers, so there must be refusals, with reasons. */
    void refusesWithReasons() {
        ModelDescription model = some().description();
        ModelDescription strange = withTensors(model, tensor -> new Tensor(
                tensor.name(), TensorType.I32, tensor.rows(), tensor.columns(),
                MemorySegment.ofArray(new int[tensor.rows() * tensor.columns()])));
        Set<OperatorKey> keys = Set.copyOf(OperatorKey.all(model.shape()));
        Plan plan = plan(strange);
        plan.decisions().forEach((key, decision) -> {
            assertTrue(keys.contains(key), () -> "The plan speaks of " + key + ", which this model does not have");
            if (key.kind() == OperatorKind.ACTIVATION) {
                return;
            }
            switch (decision) {
                case Decision.Taken taken -> fail(key + " is taken on weights of type I32");
                case Decision.Refused(String reason, String remedy) -> assertTrue(
                        reason != null && !reason.isBlank() && remedy != null && reason.contains("I32"),
                        () -> key + " is refused for the reason '" + reason + "', which does not name the type I32");
            }
        });
    }

    /** The host may want fewer operators than were taken. */
    void preparesWhatIsWanted() {
        TinyModel model = some();
        Plan whole = plan(model.description());
        int last = model.description().shape().layers() - 1;
        for (Plan plan : List.of(whole, whole.keeping(key -> key.layer() == last))) {
            KitWorkers workers = KitWorkers.one();
            KitHost host = new KitHost(
                    model,
                    workers,
                    subject.dense()
                            .apply(model.description(), new KitDense(model.description(), new Matrices())),
                    subject.folder().resolve("cache"));
            try (PreparedOperators prepared =
                            subject.provider().prepare(model.description(), subject.settings(), plan, host);
                    SessionOperators session = prepared.newSession(new SessionContext(1, workers))) {
                for (OperatorKey key : OperatorKey.all(model.description().shape())) {
                    boolean there = switch (key.kind()) {
                        case FEED_FORWARD -> session.feedForward(key.layer()).isPresent();
                        case ACTIVATION -> session.activation(key.layer()).isPresent();
                        default -> session.projection(key).isPresent();
                    };
                    assertEquals(plan.takes(key), there, () -> "Of the operators prepared, " + key
                            + (there ? " is there although it was not wanted" : " is missing although it was taken"));
                }
            }
        }
    }

    /** A provider that keeps what it learnt about one model in itself mistakes it for another's. */
    void servesSeveralModels() {
        TensorType type = subject.capabilities().someType();
        TinyModel one = TinyModel.of(type);
        TinyModel two = TinyModel.of(type, Dimensions.some(type), ActivationFunction.SILU, 2);
        float[] ofOne = alone(one);
        float[] ofTwo = alone(two);
        try (Trial first = subject.prepare(one, KitWorkers.one(), subject.folder().resolve("first"));
                Trial second = subject.prepare(two, KitWorkers.one(), subject.folder().resolve("second"))) {
            assertArrayEquals(ofTwo, Runs.all(second, KitWorkers.one()), "A model changes the results of the next");
            assertArrayEquals(ofOne, Runs.all(first, KitWorkers.one()), "A model changes the results of one before");
        }
    }

    private float[] alone(TinyModel model) {
        try (Trial trial = subject.afresh()
                .prepare(model, KitWorkers.one(), subject.folder().resolve(model.description().fingerprint()))
                .orSkip()) {
            return Runs.all(trial, KitWorkers.one());
        }
    }

    private static ModelDescription withTensors(ModelDescription d, UnaryOperator<Tensor> change) {
        List<LayerWeights> layers = d.layers().stream()
                .map(w -> new LayerWeights(
                        change.apply(w.query()),
                        change.apply(w.key()),
                        change.apply(w.value()),
                        change.apply(w.attentionOutput()),
                        change.apply(w.gate()),
                        change.apply(w.up()),
                        change.apply(w.down())))
                .toList();
        return new ModelDescription(d.name(), d.architecture(), d.fingerprint(), d.shape(), d.activation(), layers,
                change.apply(d.output()));
    }
}
