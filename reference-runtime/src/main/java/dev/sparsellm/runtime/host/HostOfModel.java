package dev.sparsellm.runtime.host;

import dev.sparsellm.kernels.Kernels;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.dense.ModelDenseOperators;
import dev.sparsellm.runtime.llama.Decoder;
import dev.sparsellm.runtime.llama.LlamaConfig;
import dev.sparsellm.runtime.llama.LlamaWeights;
import dev.sparsellm.runtime.llama.OperatorTable;
import dev.sparsellm.runtime.llama.OperatorTable.LayerOperators;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** What this runtime does for providers, for one open model. Safe for any thread. */
public final class HostOfModel implements HostServices {

    /** Positions of one prefill pass: the weights are read once for so many rows. */
    public static final int MAX_BATCH = 128;

    private final ModelDescription model;
    private final LlamaConfig config;
    private final LlamaWeights weights;
    private final Tokenizer tokenizer;
    private final Kernels kernels;
    private final WorkerGroup workers;
    private final Path cacheDirectory;
    private final ProgressSink progress;
    private final Consumer<String> notices;
    private final ModelDenseOperators dense;

    public HostOfModel(
            ModelDescription model,
            LlamaConfig config,
            LlamaWeights weights,
            Tokenizer tokenizer,
            Kernels kernels,
            WorkerGroup workers,
            Path cacheDirectory,
            ProgressSink progress,
            Consumer<String> notices) {
        this.model = model;
        this.config = config;
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.kernels = kernels;
        this.workers = workers;
        this.cacheDirectory = cacheDirectory;
        this.progress = progress;
        this.notices = notices;
        dense = new ModelDenseOperators(kernels, model);
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
    public TextRunner text() {
        return new Runner();
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

    /** Opens the operators of a lineup for one session: {@code members} are its members' operators, in order. */
    public OperatorTable table(Lineup lineup, List<SessionOperators> members, SessionContext context) {
        return table(key -> Optional.ofNullable(lineup.assignments().get(key)).map(a -> members.get(a.member())), context);
    }

    /** A decoder for a session of its own. */
    public Decoder decoder(OperatorTable operators, int contextLength) {
        int maxBatch = Math.min(MAX_BATCH, contextLength);
        return new Decoder(config, weights, operators, kernels, workers, contextLength, maxBatch);
    }

    /** Who computes an operator; empty for the host itself. */
    private interface Assignments {
        Optional<SessionOperators> of(OperatorKey key);
    }

    private OperatorTable table(Assignments assigned, SessionContext context) {
        List<LayerOperators> layers = new ArrayList<>();
        for (int layer = 0; layer < config.shape().layers(); layer++) {
            layers.add(new LayerOperators(
                    projection(assigned, new OperatorKey(OperatorKind.ATTENTION_QUERY, layer), context),
                    projection(assigned, new OperatorKey(OperatorKind.ATTENTION_KEY, layer), context),
                    projection(assigned, new OperatorKey(OperatorKind.ATTENTION_VALUE, layer), context),
                    projection(assigned, new OperatorKey(OperatorKind.ATTENTION_OUTPUT, layer), context),
                    feedForward(assigned, layer, context)));
        }
        return new OperatorTable(layers, projection(assigned, OperatorKey.output(), context));
    }

    private Projection projection(Assignments assigned, OperatorKey key, SessionContext context) {
        return assigned.of(key)
                .flatMap(operators -> operators.projection(key))
                .orElseGet(() -> dense.projection(model.projectionWeights(key).orElseThrow(), context));
    }

    private FeedForward feedForward(Assignments assigned, int layer, SessionContext context) {
        Optional<Activation> activation = assigned.of(new OperatorKey(OperatorKind.ACTIVATION, layer))
                .flatMap(operators -> operators.activation(layer));
        return assigned.of(new OperatorKey(OperatorKind.FEED_FORWARD, layer))
                .flatMap(operators -> operators.feedForward(layer))
                .orElseGet(() -> dense.feedForward(layer, activation.orElseGet(dense::activation), context));
    }

    /** Keeps the decoders it has opened: a calibration runs hundreds of windows with the same operators. */
    private final class Runner implements TextRunner {

        private final Map<SessionOperators, Opened> opened = new IdentityHashMap<>();

        private record Opened(Decoder decoder, int contextLength) {}

        @Override
        public int[] tokenize(String text) {
            return tokenizer.encodeOrdinary(text);
        }

        @Override
        public OptionalInt beginOfText() {
            return tokenizer.bos();
        }

        @Override
        public int maxWindow() {
            return config.shape().contextLength();
        }

        @Override
        public SessionContext context() {
            return new SessionContext(MAX_BATCH, workers);
        }

        @Override
        public void run(int[] ids, SessionOperators operators, LogitsConsumer logits) {
            Opened before = opened.get(operators);
            if (before == null || before.contextLength < ids.length) {
                before = new Opened(decoder(table(key -> Optional.of(operators), context()), ids.length), ids.length);
                opened.put(operators, before);
            }
            Decoder decoder = before.decoder;
            float[] row = new float[logits == null ? 0 : config.shape().vocab()];
            for (int from = 0; from < ids.length; from += decoder.maxBatch()) {
                int position = from;
                int count = Math.min(decoder.maxBatch(), ids.length - from);
                decoder.forward(Phase.PREFILL, ids, from, count, position, logits == null ? count : 0, (b, all, offset) -> {
                    System.arraycopy(all, offset, row, 0, row.length);
                    logits.accept(position + b, row);
                });
            }
        }
    }
}
