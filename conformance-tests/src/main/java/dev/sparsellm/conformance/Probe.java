package dev.sparsellm.conformance;

import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
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
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** A provider that delegates to the host's dense operators, writes down what happens, and plays tricks if told. */
class Probe implements OperatorProvider {

    /** What was met of a call or an opening. {@code session} is 0 for what belongs to none. */
    record Event(String what, OperatorKey key, int session, Pass pass, int x, int y, boolean sameArray) {

        static Event of(String what, int session) {
            return new Event(what, null, session, null, 0, 0, false);
        }
    }

    final List<Event> events = new CopyOnWriteArrayList<>();
    final List<String> faults = new CopyOnWriteArrayList<>();
    private final String id;
    private final Predicate<OperatorKey> wanted;
    private final AtomicInteger sessions = new AtomicInteger();
    volatile ModelDescription model;
    volatile HostServices host;
    volatile Settings settings;
    volatile Plan prepared;

    Probe(String id, Predicate<OperatorKey> wanted) {
        this.id = id;
        this.wanted = wanted;
    }

    /** Takes everything but activations. */
    static Probe ofAll(String id) {
        return new Probe(id, key -> key.kind() != OperatorKind.ACTIVATION);
    }

    /** Tricks are played here: the default plays none. */
    void after(OperatorKey key, Pass pass, float[] y, int outputs) {}

    @Override
    public final String id() {
        return id;
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public Availability availability() {
        return new Availability.Usable();
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting(id + ".level", new Setting.Type.Decimal(0, 1, List.of()), "0.5", "has no effect"));
    }

    @Override
    public Plan plan(ModelDescription model, Settings settings) {
        events.add(Event.of("plan", 0));
        this.model = model;
        this.settings = settings;
        Map<OperatorKey, Decision> decisions = new TreeMap<>();
        OperatorKey.all(model.shape()).stream().filter(wanted).forEach(key -> decisions.put(key, decide(key)));
        return Plan.of(decisions);
    }

    Decision decide(OperatorKey key) {
        return new Decision.Taken("watched");
    }

    @Override
    public PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host) {
        events.add(Event.of("prepare", 0));
        this.host = host;
        this.prepared = plan;
        failToPrepare().ifPresent(message -> {
            throw new ProviderException(message);
        });
        return new PreparedOperators() {
            @Override
            public SessionOperators newSession(SessionContext context) {
                int number = sessions.incrementAndGet();
                events.add(Event.of("open", number));
                return new Session(plan, context, number);
            }

            @Override
            public void close() {
                events.add(Event.of("close", 0));
            }
        };
    }

    Optional<String> failToPrepare() {
        return Optional.empty();
    }

    /** The calls of operators, in order. */
    List<Event> calls() {
        return events.stream().filter(event -> event.what().equals("call")).toList();
    }

    List<String> happened() {
        return events.stream().map(Event::what).filter(what -> !what.equals("call")).toList();
    }

    private final class Session implements SessionOperators {

        private final Plan plan;
        private final SessionContext context;
        private final int number;
        private final AtomicInteger running = new AtomicInteger();

        Session(Plan plan, SessionContext context, int number) {
            this.plan = plan;
            this.context = context;
            this.number = number;
        }

        @Override
        public Optional<FeedForward> feedForward(int layer) {
            OperatorKey key = new OperatorKey(OperatorKind.FEED_FORWARD, layer);
            if (!plan.takes(key)) {
                return Optional.empty();
            }
            FeedForward dense = host.dense().feedForward(layer, context);
            return Optional.of((pass, x, y) -> watch(key, pass, x, y, () -> dense.apply(pass, x, y)));
        }

        @Override
        public Optional<Projection> projection(OperatorKey key) {
            if (!plan.takes(key)) {
                return Optional.empty();
            }
            Projection dense = host.dense().projection(model.projectionWeights(key).orElseThrow(), context);
            return Optional.of((pass, x, y) -> watch(key, pass, x, y, () -> dense.apply(pass, x, y)));
        }

        @Override
        public Optional<Activation> activation(int layer) {
            OperatorKey key = new OperatorKey(OperatorKind.ACTIVATION, layer);
            if (!plan.takes(key)) {
                return Optional.empty();
            }
            return Optional.of((pass, gate, offset, from, to) -> {
                events.add(new Event("call", key, number, pass, gate.length, offset, from >= to));
                for (int i = offset + from; i < offset + to; i++) {
                    gate[i] = (float) Matrices.activate(model.activation(), gate[i]);
                }
                after(key, pass, gate, 0);
            });
        }

        private void watch(OperatorKey key, Pass pass, float[] x, float[] y, Runnable dense) {
            if (running.getAndIncrement() > 0) {
                faults.add("Session " + number + " is called by two threads at the same time");
            }
            try {
                int inputs = Oracle.inputs(model, key);
                int outputs = Oracle.outputs(model, key);
                if (pass.batch() < 1 || pass.batch() > context.maxBatch()) {
                    faults.add(key + " gets a batch of " + pass.batch() + ", and " + context.maxBatch()
                            + " was announced as the largest");
                } else if (x.length < pass.batch() * inputs || y.length < pass.batch() * outputs) {
                    faults.add(key + " gets arrays of " + x.length + " and " + y.length + " elements for " + pass);
                } else if (x == y) {
                    faults.add(key + " gets the same array for input and output");
                }
                events.add(new Event("call", key, number, pass, x.length, y.length, x == y));
                dense.run();
                after(key, pass, y, outputs);
            } finally {
                running.decrementAndGet();
            }
        }

        @Override
        public void close() {
            events.add(Event.of("end", number));
        }
    }
}
