package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Report;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.Usage;
import dev.sparsellm.spi.WorkerGroup;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Quis custodiet ipsos custodes? Each provider here has one fault, and each fault must break one rule and no other. */
class BrokenProvidersTest {

    /** The rule that a broken provider breaks. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Breaks {
        String value();
    }

    @Test
    void a_provider_without_faults_breaks_no_rule() {
        assertThat(Verdict.on(Sound.class)).isEmpty();
        assertThat(Verdict.on(SoundAndApproximate.class)).isEmpty();
        assertThat(Verdict.on(SoundAndLearning.class)).isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> each_fault_breaks_the_rule_meant_for_it_and_no_other() {
        return Arrays.stream(BrokenProvidersTest.class.getDeclaredClasses())
                .filter(broken -> broken.isAnnotationPresent(Breaks.class))
                .sorted(Comparator.comparing(broken -> broken.getAnnotation(Breaks.class).value()))
                .map(broken -> {
                    String rule = broken.getAnnotation(Breaks.class).value();
                    return DynamicTest.dynamicTest(rule + " " + broken.getSimpleName(), () -> assertThat(
                                    Verdict.on(broken))
                            .containsExactly(rule));
                });
    }

    static class Sound extends PlainConformance {}

    static class SoundAndApproximate extends PlainConformance.Approximate {}

    static class SoundAndLearning extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new LearningProvider();
        }
    }

    /** Changes some of what prepared operators do. */
    private abstract static class Forwarding implements PreparedOperators {

        private final PreparedOperators sound;

        Forwarding(PreparedOperators sound) {
            this.sound = sound;
        }

        @Override
        public SessionOperators newSession(SessionContext context) {
            return sound.newSession(context);
        }

        @Override
        public Approximation approximation(OperatorKey key) {
            return sound.approximation(key);
        }

        @Override
        public void close() {
            sound.close();
        }
    }

    @Breaks("P102")
    static class IsNotAnnounced extends PlainConformance {

        @Override
        protected Optional<ClassLoader> path() {
            return Optional.of(getClass().getClassLoader());
        }
    }

    @Breaks("P101")
    static class ChangesItsId extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                private final AtomicInteger asked = new AtomicInteger();

                @Override
                public String id() {
                    return "plain" + (asked.getAndIncrement() % 2 == 0 ? "" : "-");
                }

                @Override
                public List<Setting> settings() {
                    return List.of();
                }
            };
        }
    }

    @Breaks("P103")
    static class IsOfAnotherLevel extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                public int apiLevel() {
                    return ApiLevel.CURRENT - 1;
                }
            };
        }
    }

    @Breaks("P104")
    static class SpeaksOfVectors extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new WithVectors();
        }
    }

    private static final class WithVectors extends PlainProvider {
        FloatVector zero() {
            return FloatVector.zero(FloatVector.SPECIES_64);
        }
    }

    @Breaks("P105")
    static class CannotSayWhetherItWorks extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                public Availability availability() {
                    throw new IllegalStateException("not yet");
                }
            };
        }
    }

    @Breaks("P106")
    static class WritesAnEssay extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                public String description() {
                    return "Computes plainly.\nAnd well.";
                }
            };
        }
    }

    @Breaks("P201")
    static class PlansByTheNumberOfCalls extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                private final AtomicInteger asked = new AtomicInteger();

                @Override
                protected Decision decide(ModelDescription model, OperatorKey key) {
                    Decision decision = super.decide(model, key);
                    return decision instanceof Decision.Taken
                            ? new Decision.Taken("for the " + asked.getAndIncrement())
                            : decision;
                }
            };
        }
    }

    @Breaks("P202")
    static class LooksAtWeightsToPlan extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Decision decide(ModelDescription model, OperatorKey key) {
                    model.output().data().get(ValueLayout.JAVA_BYTE, 0);
                    return super.decide(model, key);
                }
            };
        }
    }

    @Breaks("P203")
    static class HasLostAShape extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Decision decide(ModelDescription model, OperatorKey key) {
                    return model.shape().ffn() % 2 == 0 ? super.decide(model, key) : new Decision.Refused("odd", "");
                }
            };
        }
    }

    @Breaks("P204")
    static class TakesWhatNobodyCan extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Decision decide(ModelDescription model, OperatorKey key) {
                    return new Decision.Taken("somehow");
                }
            };
        }
    }

    @Breaks("P205")
    static class PreparesWhatItWants extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                public PreparedOperators prepare(
                        ModelDescription model, Settings settings, Plan plan, HostServices host) {
                    return super.prepare(model, settings, plan(model, settings), host);
                }
            };
        }
    }

    @Breaks("P206")
    static class KeepsWeightsByShape extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                private final Map<String, double[][]> known = new ConcurrentHashMap<>();

                @Override
                protected double[][] read(Tensor tensor) {
                    String shape = tensor.name() + tensor.type() + tensor.rows() + "," + tensor.columns();
                    return known.computeIfAbsent(shape, s -> super.read(tensor));
                }
            };
        }
    }

    @Breaks("P301")
    static class LeavesOutTheLastOddRow extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    boolean odd = key.kind() == OperatorKind.OUTPUT && Oracle.outputs(model, key) % 2 == 1;
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        if (odd) {
                            y[pass.batch() * Oracle.outputs(model, key) - 1] = 0.5f;
                        }
                    };
                }
            };
        }
    }

    @Breaks("P301")
    static class ComputesKeysAsInTheOtherPhase extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    if (key.kind() != OperatorKind.ATTENTION_KEY) {
                        return sound;
                    }
                    double[][] values = new Matrices().of(model.layers().get(key.layer()).value());
                    double[] input = new double[values[0].length];
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        if (pass.phase() == Phase.PREFILL) {
                            for (int c = 0; c < input.length; c++) {
                                input[c] = x[c];
                            }
                            y[0] = (float) Matrices.dot(values[0], input);
                        }
                    };
                }
            };
        }
    }

    @Breaks("P301")
    static class ThrowsOnLargeBatches extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        if (key.kind() == OperatorKind.ATTENTION_VALUE && pass.batch() == 8) {
                            throw new UnsupportedOperationException("batch of 8");
                        }
                        sound.apply(pass, x, y);
                    };
                }
            };
        }
    }

    @Breaks("P302")
    static class LeavesOutTheUpProjection extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    if (key.kind() != OperatorKind.FEED_FORWARD) {
                        return sound;
                    }
                    Tensor up = model.layers().get(key.layer()).up();
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        for (int i = 0; up.rows() == 33 && i < pass.batch() * up.columns(); i++) {
                            y[i] *= 1.0001f;
                        }
                    };
                }
            };
        }
    }

    @Breaks("P303")
    static class ActivatesTheWholeRow extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Activation activationOf(ActivationFunction function) {
                    return (pass, gate, offset, from, to) ->
                            super.activationOf(function).apply(pass, gate, offset, 0, to);
                }
            };
        }
    }

    @Breaks("P304")
    static class ForgetsCompensation extends PlainConformance.Approximate {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    return new Forwarding(sound) {
                        @Override
                        public Approximation approximation(OperatorKey key) {
                            return switch (sound.approximation(key)) {
                                case Approximation.OfInput rule -> (Approximation.OfInput) (phase, x) -> {
                                    double[] before = x.clone();
                                    rule.change(phase, x);
                                    Arrays.setAll(x, i -> Double.compare(x[i], before[i]) == 0 ? x[i] : 0);
                                };
                                case Approximation other -> other;
                            };
                        }
                    };
                }
            };
        }
    }

    @Breaks("P305")
    static class HidesNaN extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        boolean odd = pass.batch() == 3 && Float.isNaN(x[Oracle.inputs(model, key) * 3 / 2]);
                        for (int i = 0; odd && i < pass.batch() * Oracle.outputs(model, key); i++) {
                            y[i] = Float.isNaN(y[i]) ? 0 : y[i];
                        }
                    };
                }
            };
        }
    }

    @Breaks("P305")
    static class SpreadsInfinities extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        if (pass.batch() > 2 && !Float.isFinite(y[Oracle.outputs(model, key)])) {
                            y[0] = y[Oracle.outputs(model, key)];
                        }
                    };
                }
            };
        }
    }

    @Breaks("P306")
    static class ReadsInfinitiesAsLargeWeights extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected double[][] read(Tensor tensor) {
                    double[][] matrix = super.read(tensor);
                    for (double[] row : matrix) {
                        Arrays.setAll(row, i -> Math.clamp(row[i], -65536, 65536));
                    }
                    return matrix;
                }
            };
        }
    }

    @Breaks("P401")
    static class ClearsItsInput extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        x[0] = 0;
                    };
                }
            };
        }
    }

    @Breaks("P402")
    static class WritesOneElementTooMany extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        if (y.length > pass.batch() * Oracle.outputs(model, key)) {
                            y[pass.batch() * Oracle.outputs(model, key)] = 0;
                        }
                    };
                }
            };
        }
    }

    @Breaks("P403")
    static class AddsToItsOutput extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    float[] sums = new float[Trial.MAX_BATCH * Oracle.outputs(model, key)];
                    return (pass, x, y) -> {
                        sound.apply(pass, x, sums);
                        for (int i = 0; i < pass.batch() * Oracle.outputs(model, key); i++) {
                            y[i] += sums[i];
                        }
                    };
                }
            };
        }
    }

    @Breaks("P404")
    static class ReadsBehindItsInput extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        y[0] += 0 * x[x.length - 1];
                    };
                }
            };
        }
    }

    @Breaks("P405")
    static class RemembersPrompts extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    boolean[] prompt = new boolean[1];
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        y[0] = prompt[0] ? Math.nextUp(y[0]) : y[0];
                        prompt[0] |= pass.batch() == 2 && pass.phase() == Phase.PREFILL;
                    };
                }
            };
        }
    }

    @Breaks("P406")
    static class MarksTheWeights extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected double[][] read(Tensor tensor) {
                    // The lowest bit of a scale, which nobody notices in the results.
                    byte scale = tensor.data().get(ValueLayout.JAVA_BYTE, 0);
                    tensor.data().set(ValueLayout.JAVA_BYTE, 0, (byte) (scale | 1));
                    return super.read(tensor);
                }
            };
        }
    }

    @Breaks("P501")
    static class SumsByTheNumberOfThreads extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        y[0] = context.workers().threads() == 3 ? Math.nextUp(y[0]) : y[0];
                    };
                }
            };
        }
    }

    @Breaks("P502")
    static class ExpectsTheFirstPartFirst extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    int[] last = new int[1];
                    WorkerGroup.Task task = (part, worker) -> last[0] = part;
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        if (context.workers().threads() == 1) {
                            context.workers().run(2, task);
                            y[0] = last[0] == 1 ? y[0] : Math.nextUp(y[0]);
                        }
                    };
                }
            };
        }
    }

    @Breaks("P503")
    static class SharesScratchAmongSessions extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                private final float[] shared = new float[1 << 16];

                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    int outputs = Oracle.outputs(model, key);
                    return (pass, x, y) -> {
                        sound.apply(pass, x, shared);
                        Thread.yield();
                        System.arraycopy(shared, 0, y, 0, pass.batch() * outputs);
                    };
                }
            };
        }
    }

    @Breaks("P504")
    static class EntersARegionFromAPart extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    WorkerGroup.Task inner = (part, worker) -> {};
                    WorkerGroup.Task outer = (part, worker) -> context.workers().run(1, inner);
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        context.workers().run(2, outer);
                    };
                }
            };
        }
    }

    @Breaks("P505")
    static class HasThreadsOfItsOwn extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    Thread own = new Thread(() -> LockSupport.parkNanos(Long.MAX_VALUE), "plain-pool");
                    own.setDaemon(true);
                    own.start();
                    return new Forwarding(sound) {
                        @Override
                        public void close() {
                            LockSupport.unpark(own);
                            super.close();
                        }
                    };
                }
            };
        }
    }

    @Breaks("P601")
    static class AllocatesScratchForEachToken extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        float[] copy = x.clone();
                        sound.apply(pass, copy, y);
                    };
                }
            };
        }
    }

    @Breaks("P602")
    static class OpensSessionsAfterClose extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    return new Forwarding(sound) {
                        @Override
                        public void close() {}
                    };
                }
            };
        }
    }

    @Breaks("P603")
    static class KeepsWhatItClosed extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                private final List<PreparedOperators> all = new CopyOnWriteArrayList<>();

                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    all.add(sound);
                    return sound;
                }
            };
        }
    }

    @Breaks("P604")
    static class NeedsItsCache extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    try {
                        Files.createDirectories(host.cacheDirectory());
                        return sound;
                    } catch (IOException e) {
                        throw new ProviderException("no cache", e);
                    }
                }
            };
        }
    }

    @Breaks("P605")
    static class ReadsItsCacheWrongly extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                private boolean cached;

                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    try {
                        cached = Files.exists(host.cacheDirectory());
                        Files.createDirectories(host.cacheDirectory());
                    } catch (IOException withoutCache) {
                        cached = false;
                    }
                    return sound;
                }

                @Override
                protected Operator.Call change(
                        OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
                    boolean wrong = cached;
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        y[0] = wrong ? Math.nextUp(y[0]) : y[0];
                    };
                }
            };
        }
    }

    @Breaks("P606")
    static class ReportsMoreThanAll extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    try (ProgressSink.Work work = host.progress().start("Thinking", 10)) {
                        work.done(11);
                    }
                    return sound;
                }
            };
        }
    }

    @Breaks("P701")
    static class HasASettingOfAnotherProvider extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                public List<Setting> settings() {
                    return Stream.concat(
                                    super.settings().stream(),
                                    Stream.of(new Setting("chess.level", new Setting.Type.Flag(), "true", "not ours")))
                            .toList();
                }
            };
        }
    }

    @Breaks("P702")
    static class IgnoresConflicts extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected void checkTogether(Settings settings) {}
            };
        }
    }

    @Breaks("P703")
    static class ReadsASystemProperty extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Decision decide(ModelDescription model, OperatorKey key) {
                    return System.getProperty(THRESHOLD) == null
                            ? super.decide(model, key)
                            : new Decision.Refused("off", "");
                }
            };
        }
    }

    @Breaks("P704")
    static class FailsOnAnAllowedValue extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected void checkTogether(Settings settings) {
                    super.checkTogether(settings);
                    if (settings.decimal(THRESHOLD) == 1) {
                        throw new IllegalStateException("division by zero");
                    }
                }
            };
        }
    }

    @Breaks("P801")
    static class DeclaresWhatCannotBe extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    return new Forwarding(sound) {
                        @Override
                        public Approximation approximation(OperatorKey key) {
                            return key.kind() == OperatorKind.FEED_FORWARD
                                    ? (Approximation.OfInput) (phase, x) -> {}
                                    : super.approximation(key);
                        }
                    };
                }
            };
        }
    }

    @Breaks("P802")
    static class DeclaresARuleWithEffects extends PlainConformance.Approximate {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    return new Forwarding(sound) {
                        @Override
                        public Approximation approximation(OperatorKey key) {
                            return switch (sound.approximation(key)) {
                                case Approximation.OfHidden rule -> (Approximation.OfHidden) (phase, gate, hidden) -> {
                                    rule.change(phase, gate, hidden);
                                    gate[0] = 0;
                                };
                                case Approximation other -> other;
                            };
                        }
                    };
                }
            };
        }
    }

    @Breaks("P803")
    static class CountsPassesForRows extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Usage count(long rows, long decodeRows) {
                    return super.count(rows / 2, decodeRows);
                }
            };
        }
    }

    @Breaks("P803")
    static class ClaimsToLeaveOutMore extends PlainConformance.Approximate {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Usage count(long rows, long decodeRows) {
                    return new Usage(rows, 2 * rows, 10 * rows, 0, 0, decodeRows);
                }
            };
        }
    }

    @Breaks("P803")
    static class CountsFewerBytesThanThereAre extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected Usage count(long rows, long decodeRows) {
                    return new Usage(rows, 10 * rows, 10 * rows, decodeRows, 99 * decodeRows, decodeRows);
                }
            };
        }
    }

    @Breaks("P804")
    static class HasLostItsMask extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new PlainProvider() {
                @Override
                protected PreparedOperators change(PreparedOperators sound, HostServices host) {
                    return new Forwarding(sound) {
                        @Override
                        public Approximation approximation(OperatorKey key) {
                            return key.kind() == OperatorKind.FEED_FORWARD
                                    ? (Approximation.OfHidden) (phase, gate, hidden) -> {}
                                    : super.approximation(key);
                        }
                    };
                }
            };
        }
    }

    @Breaks("P901")
    static class LearnsTheNumberOfThreads extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new LearningProvider() {
                @Override
                protected String learn(HostServices host, int[] window) {
                    return super.learn(host, window) + host.workers().threads();
                }
            };
        }
    }

    @Breaks("P902")
    static class MergesTheFirstTwo extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new LearningProvider() {
                @Override
                public void mergeProfiles(List<Path> profiles, Path output) {
                    super.mergeProfiles(profiles.subList(0, 2), output);
                }
            };
        }
    }

    @Breaks("P903")
    static class GoesOnBehindTheWindowThatFailed extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new LearningProvider() {
                @Override
                protected Optional<Profile> kept(Path partial) {
                    Optional<Profile> kept = super.kept(partial);
                    kept.ifPresent(profile -> profile.windows().put(profile.windows().size(), "0"));
                    return kept;
                }
            };
        }
    }

    @Breaks("P904")
    static class TakesWindowsOfAnyLength extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new LearningProvider() {
                @Override
                protected void checkWindow(CalibrationRequest request, int longest) {}
            };
        }
    }

    @Breaks("P905")
    static class DescribesWhatIsNotThere extends PlainConformance {

        @Override
        protected OperatorProvider provider() {
            return new LearningProvider() {
                @Override
                public Report describeProfile(Path profile, Settings settings) {
                    return new Report(Map.of("size", "" + profile.toFile().length()), List.of());
                }
            };
        }
    }
}
