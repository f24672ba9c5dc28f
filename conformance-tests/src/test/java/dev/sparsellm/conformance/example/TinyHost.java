package dev.sparsellm.conformance.example;

import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelShape;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** A whole host: a random byte-level model of two layers, F32, without positions. */
public final class TinyHost implements HostServices, AutoCloseable {

    private static final int MAX_BATCH = 32;
    private static final ModelShape SHAPE = new ModelShape(2, 32, 48, 2, 1, 16, 256, 128);

    private final ModelDescription model = TinyDense.randomModel(SHAPE, new Random(1));
    private final TinyDense dense = new TinyDense(model);
    private final TinyWorkers workers;
    private final SessionContext context;
    private final Path cacheDirectory;
    private final ProgressSink progress;
    private final Consumer<String> notices;
    private final List<PreparedOperators> prepared = new ArrayList<>();
    private final Map<OperatorKey, PreparedOperators> serving = new TreeMap<>();

    /** Opens the model: steps 1 to 3 of the SPI. {@code named} are the providers the user asked for, in order. */
    public TinyHost(ProviderCatalog catalog, List<String> named, Map<String, String> settings, int threads,
            Path cacheDirectory, ProgressSink progress, Consumer<String> notices) {
        this.workers = new TinyWorkers(threads);
        this.context = new SessionContext(MAX_BATCH, workers);
        this.cacheDirectory = cacheDirectory;
        this.progress = progress;
        this.notices = notices;
        try {
            catalog.broken().forEach(notices);
            for (ProviderCatalog.Found found : catalog.order(String.join(",", named))) {
                boolean asked = named.contains(found.provider().id());
                if (asked || found.provider().priority() >= 0) {
                    engage(found.provider(), asked, settings);
                }
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void engage(OperatorProvider provider, boolean asked, Map<String, String> settings) {
        try {
            if (provider.availability() instanceof Availability.Unusable(String reason, String remedy)) {
                throw new ProviderException(provider.id() + " cannot work here: " + reason + "; " + remedy);
            }
            Map<String, String> own = new TreeMap<>(settings);
            own.keySet().removeIf(key -> !key.startsWith(provider.id() + "."));
            Settings values = new Settings(provider.settings(), own);
            Plan plan = provider.plan(model, values).keeping(key -> !serving.containsKey(key));
            plan.firstRefusal().map(refused -> provider.id() + ": " + refused.reason()).ifPresent(message -> {
                if (asked) {
                    throw new ProviderException(message);
                }
                notices.accept(message);
            });
            if (!plan.taken().isEmpty()) {
                PreparedOperators operators = provider.prepare(model, values, plan, this);
                prepared.add(operators);
                plan.taken().forEach(key -> serving.put(key, operators));
            }
        } catch (ProviderException e) {
            if (asked) {
                throw e;
            }
            notices.accept(e.getMessage());
        }
    }

    /** Opens a session: step 4. */
    public Session newSession() {
        Map<PreparedOperators, SessionOperators> open = new IdentityHashMap<>();
        prepared.forEach(operators -> open.put(operators, operators.newSession(context)));
        TinyDecoder decoder = decoder(key -> serving.containsKey(key) ? open.get(serving.get(key)) : NONE);
        return new Session(decoder, open.values());
    }

    @Override
    public void close() {
        prepared.forEach(PreparedOperators::close);
        workers.close();
    }

    /** Who computes an operator. */
    private interface Operators {
        SessionOperators of(OperatorKey key);
    }

    private static final SessionOperators NONE = new SessionOperators() {};

    /** The operators of one text, each from whoever serves it, and the layers that call them. */
    private TinyDecoder decoder(Operators operators) {
        Map<OperatorKey, Projection> projections = new TreeMap<>();
        for (OperatorKey key : OperatorKey.all(SHAPE)) {
            model.projectionWeights(key).ifPresent(weights -> projections.put(key, operators.of(key)
                    .projection(key)
                    .orElseGet(() -> dense.projection(weights, context))));
        }
        return new TinyDecoder(model, MAX_BATCH, projections, IntStream.range(0, SHAPE.layers())
                .mapToObj(layer -> block(operators, layer))
                .toList());
    }

    private FeedForward block(Operators operators, int layer) {
        OperatorKey block = new OperatorKey(OperatorKind.FEED_FORWARD, layer);
        OperatorKey activation = new OperatorKey(OperatorKind.ACTIVATION, layer);
        return operators.of(block).feedForward(layer).orElseGet(() -> operators
                .of(activation)
                .activation(layer)
                .map(own -> dense.feedForward(layer, own, context))
                .orElseGet(() -> dense.feedForward(layer, context)));
    }

    /** One text. */
    public static final class Session implements AutoCloseable {

        private final TinyDecoder decoder;
        private final Iterable<SessionOperators> operators;

        private Session(TinyDecoder decoder, Iterable<SessionOperators> operators) {
            this.decoder = decoder;
            this.operators = operators;
        }

        /** Reads ids and hands over the logits of each. */
        public void read(Phase phase, int[] ids, TextRunner.LogitsConsumer logits) {
            decoder.read(phase, ids, logits);
        }

        @Override
        public void close() {
            operators.forEach(SessionOperators::close);
        }
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public WorkerGroup workers() {
        return workers;
    }

    @Override
    public DenseOperators dense() {
        return dense;
    }

    @Override
    public Path cacheDirectory() {
        return cacheDirectory;
    }

    @Override
    public ProgressSink progress() {
        return progress;
    }

    @Override
    public void notice(String message) {
        notices.accept(message);
    }

    @Override
    public TextRunner text() {
        return new TextRunner() {
            @Override
            public int[] tokenize(String text) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                return IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xFF).toArray();
            }

            @Override
            public OptionalInt beginOfText() {
                return OptionalInt.empty();
            }

            @Override
            public int maxWindow() {
                return SHAPE.contextLength();
            }

            @Override
            public SessionContext context() {
                return context;
            }

            @Override
            public void run(int[] ids, SessionOperators operators, LogitsConsumer logits) {
                decoder(key -> operators).read(Phase.PREFILL, ids, logits);
            }
        };
    }
}
