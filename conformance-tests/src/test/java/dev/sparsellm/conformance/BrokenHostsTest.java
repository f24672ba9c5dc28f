package dev.sparsellm.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.conformance.example.TinyHosting;
import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.SettingsException;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Hosts with one fault each, made of the example host; each fault must break one rule and no other. */
class BrokenHostsTest {

    /** The rule that a broken host breaks. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Breaks {
        String value();
    }

    @Test
    void a_host_without_faults_breaks_no_rule() {
        assertThat(Verdict.on(Sound.class)).isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> each_fault_breaks_the_rule_meant_for_it_and_no_other() {
        return Arrays.stream(BrokenHostsTest.class.getDeclaredClasses())
                .filter(broken -> broken.isAnnotationPresent(Breaks.class))
                .sorted(Comparator.comparing(broken -> broken.getAnnotation(Breaks.class).value()))
                .map(broken -> {
                    String rule = broken.getAnnotation(Breaks.class).value();
                    return DynamicTest.dynamicTest(rule + " " + broken.getSimpleName(), () -> assertThat(
                                    Verdict.on(broken))
                            .containsExactly(rule));
                });
    }

    /** The example host with something between it and each provider. */
    static class Sound extends HostConformance {

        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider);
        }

        HostRequest change(HostRequest request) {
            return request;
        }

        @Override
        protected HostedModel open(HostRequest request) {
            return TinyHosting.open(change(with(request, catalog(request))));
        }

        private ProviderCatalog catalog(HostRequest request) {
            List<OperatorProvider> providers = new ArrayList<>();
            request.providers().providers().forEach(found -> providers.add(interposed(found.provider())));
            if (!request.providers().broken().isEmpty()) {
                providers.add(new Probe("broken", key -> true) {
                    @Override
                    public int apiLevel() {
                        return 0;
                    }
                });
            }
            return ProviderCatalog.of(providers);
        }
    }

    private static HostRequest with(HostRequest r, ProviderCatalog catalog) {
        return new HostRequest(
                catalog, r.named(), r.settings(), r.threads(), r.cacheDirectory(), r.progress(), r.notices());
    }

    private static HostRequest with(HostRequest r, List<String> named, Map<String, String> settings) {
        return new HostRequest(
                r.providers(), named, settings, r.threads(), r.cacheDirectory(), r.progress(), r.notices());
    }

    /** How a group runs a part. */
    private interface Runner {
        void run(WorkerGroup.Task task, int part, int worker);
    }

    private static WorkerGroup through(WorkerGroup sound, Runner runner) {
        return new WorkerGroup() {
            @Override
            public int threads() {
                return sound.threads();
            }

            @Override
            public void run(int parts, Task task) {
                sound.run(parts, (part, worker) -> runner.run(task, part, worker));
            }
        };
    }

    /** Has a call made by two threads until both have been at it for a while. */
    private static void callTwice(Operator.Call call, Pass pass, float[] x, float[] y) {
        AtomicInteger others = new AtomicInteger();
        AtomicBoolean done = new AtomicBoolean();
        Thread other = Thread.ofPlatform().start(() -> {
            while (!done.get()) {
                call.apply(pass, x.clone(), new float[y.length]);
                others.incrementAndGet();
            }
        });
        while (others.get() < 20) {
            call.apply(pass, x, y);
        }
        done.set(true);
        try {
            other.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        call.apply(pass, x, y);
    }

    /** A host that goes on without providers where an exception has a word in it. */
    private abstract static class GoesOn extends Sound {

        private final String word;

        GoesOn(String word) {
            this.word = word;
        }

        @Override
        protected HostedModel open(HostRequest request) {
            try {
                return super.open(request);
            } catch (ProviderException | SettingsException e) {
                if (!e.getMessage().contains(word)) {
                    throw e;
                }
                return super.open(with(request, List.of(), Map.of()));
            }
        }
    }

    @Breaks("H101")
    static class HidesBrokenEntries extends Sound {

        @Override
        HostRequest change(HostRequest request) {
            return with(request, ProviderCatalog.of(request.providers().providers().stream()
                    .map(ProviderCatalog.Found::provider)
                    .toList()));
        }
    }

    @Breaks("H102")
    static class SaysEverythingTwice extends Sound {

        @Override
        HostRequest change(HostRequest r) {
            Consumer<String> twice = r.notices().andThen(r.notices());
            return new HostRequest(
                    r.providers(), r.named(), r.settings(), r.threads(), r.cacheDirectory(), r.progress(), twice);
        }
    }

    @Breaks("H103")
    static class GoesOnWithoutTheRefuser extends GoesOn {
        GoesOnWithoutTheRefuser() {
            super("the moon is full");
        }
    }

    @Breaks("H104")
    static class GoesOnWithoutTheUnknown extends GoesOn {
        GoesOnWithoutTheUnknown() {
            super("nobody");
        }
    }

    @Breaks("H106")
    static class GoesOnWithoutSettings extends GoesOn {
        GoesOnWithoutSettings() {
            super("probe.");
        }
    }

    @Breaks("H107")
    static class DropsSettings extends Sound {

        @Override
        HostRequest change(HostRequest request) {
            return request.settings().containsValue("0.25") ? with(request, request.named(), Map.of()) : request;
        }
    }

    @Breaks("H105")
    static class DoesNotAskAvailability extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                public Availability availability() {
                    return new Availability.Usable();
                }
            };
        }
    }

    @Breaks("H108")
    static class DiesOfAFailureToPrepare extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                public PreparedOperators prepare(
                        ModelDescription model, Settings settings, Plan plan, HostServices host) {
                    try {
                        return super.prepare(model, settings, plan, host);
                    } catch (ProviderException e) {
                        throw new IllegalStateException(e);
                    }
                }
            };
        }
    }

    @Breaks("H109")
    static class DoesNotCareForPriority extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                public int priority() {
                    return Math.min(0, super.priority());
                }
            };
        }
    }

    @Breaks("H110")
    static class LetsTheShyServe extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                public int priority() {
                    return Math.max(0, super.priority());
                }
            };
        }
    }

    @Breaks("H201")
    static class MiscountsHeads extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                ModelDescription change(ModelDescription d) {
                    ModelShape s = d.shape();
                    ModelShape wrong = new ModelShape(
                            s.layers(), s.dim(), s.ffn(), s.heads(),
                            s.kvHeads() + 2, s.headDim(), s.vocab(), s.contextLength());
                    return new ModelDescription(
                            d.name(), d.architecture(), d.fingerprint(), wrong, d.activation(), d.layers(), d.output());
                }
            };
        }
    }

    @Breaks("H202")
    static class MakesUpAFingerprintEachTime extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                private final String fingerprint = "%08x".formatted(System.nanoTime());

                @Override
                ModelDescription change(ModelDescription d) {
                    return new ModelDescription(
                            d.name(), d.architecture(), fingerprint, d.shape(), d.activation(), d.layers(), d.output());
                }
            };
        }
    }

    @Breaks("H203")
    static class MultipliesBatchesWrongly extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                HostServices change(HostServices host) {
                    return new Services(host) {
                        @Override
                        public DenseOperators dense() {
                            return new Dense(host.dense()) {
                                @Override
                                public Projection projection(Tensor weights, SessionContext context) {
                                    Projection sound = super.projection(weights, context);
                                    return (pass, x, y) -> {
                                        sound.apply(pass, x, y);
                                        y[y.length - 1] = pass.batch() == 3 ? 0 : y[y.length - 1];
                                    };
                                }
                            };
                        }
                    };
                }
            };
        }
    }

    @Breaks("H204")
    static class MixesUpLayers extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                HostServices change(HostServices host) {
                    return new Services(host) {
                        @Override
                        public DenseOperators dense() {
                            return new Dense(host.dense()) {
                                @Override
                                public FeedForward feedForward(int layer, SessionContext context) {
                                    FeedForward sound = super.feedForward(layer, context);
                                    FeedForward other = super.feedForward(0, context);
                                    return (pass, x, y) -> (pass.batch() == 3 ? other : sound).apply(pass, x, y);
                                }
                            };
                        }
                    };
                }
            };
        }
    }

    @Breaks("H205")
    static class RunsPartsAgain extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                HostServices change(HostServices host) {
                    return new Services(host) {
                        @Override
                        public WorkerGroup workers() {
                            return through(host.workers(), (task, part, worker) -> {
                                task.run(part, worker);
                                task.run(0, worker);
                            });
                        }
                    };
                }
            };
        }
    }

    @Breaks("H206")
    static class SwallowsWhatPartsThrow extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                HostServices change(HostServices host) {
                    return new Services(host) {
                        @Override
                        public WorkerGroup workers() {
                            return through(host.workers(), (task, part, worker) -> {
                                try {
                                    task.run(part, worker);
                                } catch (RuntimeException hidden) {
                                    // gone
                                }
                            });
                        }
                    };
                }
            };
        }
    }

    @Breaks("H207")
    static class CalibratesOnItself extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                HostServices change(HostServices host) {
                    return new Services(host) {
                        @Override
                        public TextRunner text() {
                            TextRunner sound = host.text();
                            return new TextRunner() {
                                @Override
                                public int[] tokenize(String text) {
                                    return sound.tokenize(text);
                                }

                                @Override
                                public OptionalInt beginOfText() {
                                    return sound.beginOfText();
                                }

                                @Override
                                public int maxWindow() {
                                    return sound.maxWindow();
                                }

                                @Override
                                public void run(int[] ids, SessionOperators operators, LogitsConsumer logits) {
                                    sound.run(ids, new SessionOperators() {}, logits);
                                }

                                @Override
                                public SessionContext context() {
                                    return sound.context();
                                }
                            };
                        }
                    };
                }
            };
        }
    }

    @Breaks("H208")
    static class KeepsItsCacheElsewhere extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                HostServices change(HostServices host) {
                    return new Services(host) {
                        @Override
                        public Path cacheDirectory() {
                            return Path.of("elsewhere");
                        }
                    };
                }
            };
        }
    }

    @Breaks("H301")
    static class CallsTheKeyProjectionTooLate extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                Operator.Call change(
                        OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
                    OperatorKey late = new OperatorKey(OperatorKind.ATTENTION_KEY, 1);
                    if (!key.equals(new OperatorKey(OperatorKind.ATTENTION_OUTPUT, 1))
                            || session.projection(late).isEmpty()) {
                        return sound;
                    }
                    Projection again = session.projection(late).orElseThrow();
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        again.apply(pass, x, new float[y.length]);
                    };
                }
            };
        }
    }

    @Breaks("H302")
    static class ForgetsThePosition extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                Operator.Call change(
                        OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> sound.apply(new Pass(pass.phase(), 0, pass.batch()), x, y);
                }
            };
        }
    }

    @Breaks("H303")
    static class AnnouncesSmallBatches extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                SessionOperators open(PreparedOperators prepared, SessionContext context) {
                    return prepared.newSession(new SessionContext(2, context.workers()));
                }

                @Override
                HostServices change(HostServices host) {
                    return new Services(host) {
                        @Override
                        public DenseOperators dense() {
                            return new Dense(host.dense()) {
                                @Override
                                public FeedForward feedForward(int layer, SessionContext context) {
                                    return super.feedForward(layer, new SessionContext(64, context.workers()));
                                }
                            };
                        }
                    };
                }
            };
        }
    }

    @Breaks("H304")
    static class CallsFromTwoThreads extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                Operator.Call change(
                        OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
                    if (key.kind() != OperatorKind.ATTENTION_VALUE) {
                        return sound;
                    }
                    return (pass, x, y) -> callTwice(sound, pass, x, y);
                }
            };
        }
    }

    @Breaks("H305")
    static class RoundsWhatProvidersGive extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                Operator.Call change(
                        OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        y[0] = Math.nextUp(Math.nextUp(y[0]));
                        y[1] *= 1.00001f;
                    };
                }
            };
        }
    }

    @Breaks("H306")
    static class UsesItsOwnKeys extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                private ModelDescription model;
                private HostServices services;

                @Override
                ModelDescription change(ModelDescription description) {
                    model = description;
                    return description;
                }

                @Override
                HostServices change(HostServices host) {
                    services = host;
                    return host;
                }

                @Override
                Operator.Call change(
                        OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
                    if (key.kind() != OperatorKind.ATTENTION_KEY) {
                        return sound;
                    }
                    Projection own = services.dense().projection(model.projectionWeights(key).orElseThrow(), context);
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        own.apply(pass, x, y);
                    };
                }
            };
        }
    }

    @Breaks("H307")
    static class KnowsNoActivations extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                Optional<Activation> change(Optional<Activation> sound) {
                    return Optional.empty();
                }
            };
        }
    }

    @Breaks("H308")
    static class SharesSessions extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                private SessionOperators first;
                private int users;

                @Override
                SessionOperators open(PreparedOperators prepared, SessionContext context) {
                    first = users++ == 0 ? super.open(prepared, context) : first;
                    SessionOperators shared = first;
                    return new SessionOperators() {
                        @Override
                        public Optional<FeedForward> feedForward(int layer) {
                            return shared.feedForward(layer);
                        }

                        @Override
                        public Optional<Projection> projection(OperatorKey key) {
                            return shared.projection(key);
                        }

                        @Override
                        public Optional<Activation> activation(int layer) {
                            return shared.activation(layer);
                        }

                        @Override
                        public void close() {
                            if (--users == 0) {
                                shared.close();
                            }
                        }
                    };
                }
            };
        }
    }

    @Breaks("H309")
    static class SwallowsExceptions extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                Operator.Call change(
                        OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        try {
                            sound.apply(pass, x, y);
                        } catch (RuntimeException hidden) {
                            // gone
                        }
                    };
                }
            };
        }
    }

    @Breaks("H310")
    static class DependsOnThreads extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                Operator.Call change(
                        OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
                    return (pass, x, y) -> {
                        sound.apply(pass, x, y);
                        y[0] *= context.workers().threads() == 3 ? 1.0001f : 1;
                    };
                }
            };
        }
    }

    @Breaks("H311")
    static class NeverCloses extends Sound {

        @Override
        OperatorProvider interposed(OperatorProvider provider) {
            return new Interposed(provider) {
                @Override
                PreparedOperators change(PreparedOperators sound) {
                    return new PreparedOperators() {
                        @Override
                        public SessionOperators newSession(SessionContext context) {
                            return sound.newSession(context);
                        }

                        @Override
                        public void close() {}
                    };
                }
            };
        }
    }
}
