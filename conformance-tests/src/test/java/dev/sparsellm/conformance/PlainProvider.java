package dev.sparsellm.conformance;

import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.ActivationFunction;
import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Approximation;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.ModelDescription.LayerWeights;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.SettingsException;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.spi.Usage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A provider without faults, plain enough to be broken in one place at a time. Takes everything; with a threshold, what
 * is small in magnitude counts as {@link #SUBSTITUTE}.
 */
class PlainProvider implements OperatorProvider {

    static final double SUBSTITUTE = 0.02;
    static final String THRESHOLD = "plain.threshold";
    static final String SIDE = "plain.side";

    private static final int ROWS_OF_A_PART = 8;

    /** What broken providers change: an operator of a session. */
    protected Operator.Call change(
            OperatorKey key, ModelDescription model, SessionContext context, Operator.Call sound) {
        return sound;
    }

    /** What broken providers change: what is handed to the host. */
    protected PreparedOperators change(PreparedOperators sound, HostServices host) {
        return sound;
    }

    /** What broken providers change: weights as numbers. */
    protected double[][] read(Tensor tensor) {
        return new Matrices().of(tensor);
    }

    @Override
    public String id() {
        return "plain";
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting(THRESHOLD, new Setting.Type.Decimal(0, 1, List.of()), "0", "what is smaller is left out"),
                new Setting(SIDE, new Setting.Type.Choice(List.of("both", "upper")), "", "which side is left out"));
    }

    @Override
    public Plan plan(ModelDescription model, Settings settings) {
        checkTogether(settings);
        Map<OperatorKey, Decision> decisions = new HashMap<>();
        for (OperatorKey key : OperatorKey.all(model.shape())) {
            decisions.put(key, decide(model, key));
        }
        return Plan.of(decisions);
    }

    protected void checkTogether(Settings settings) {
        if (settings.isGiven(SIDE) && settings.decimal(THRESHOLD) == 0) {
            throw new SettingsException(SIDE + " is given, but nothing is left out: set " + THRESHOLD);
        }
    }

    protected Decision decide(ModelDescription model, OperatorKey key) {
        Tensor tensor = model.projectionWeights(key).orElseGet(() -> model.layers().get(key.layer()).gate());
        return tensor.type() == TensorType.F32 || tensor.type() == TensorType.Q8_0
                ? new Decision.Taken("plainly")
                : new Decision.Refused(tensor.name() + " is stored as " + tensor.type(), "");
    }

    @Override
    public PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host) {
        double threshold = settings.declared().isEmpty() ? 0 : settings.decimal(THRESHOLD);
        Map<String, double[][]> matrices = new HashMap<>();
        for (LayerWeights w : model.layers()) {
            for (Tensor tensor :
                    List.of(w.query(), w.key(), w.value(), w.attentionOutput(), w.gate(), w.up(), w.down())) {
                matrices.put(tensor.name(), read(tensor));
            }
        }
        matrices.put(model.output().name(), read(model.output()));
        return change(new Prepared(model, plan, matrices, threshold), host);
    }

    static double keep(double tested, double value, double threshold) {
        return Math.abs(tested) < threshold ? SUBSTITUTE : value;
    }

    private final class Prepared implements PreparedOperators {

        private final ModelDescription model;
        private final Plan plan;
        private final Map<String, double[][]> matrices;
        private final double threshold;
        private volatile boolean closed;

        Prepared(ModelDescription model, Plan plan, Map<String, double[][]> matrices, double threshold) {
            this.model = model;
            this.plan = plan;
            this.matrices = matrices;
            this.threshold = threshold;
        }

        @Override
        public SessionOperators newSession(SessionContext context) {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            return new Session(this, context);
        }

        @Override
        public Approximation approximation(OperatorKey key) {
            if (threshold == 0 || key.kind() == OperatorKind.ACTIVATION) {
                return new Approximation.Exact();
            }
            if (key.kind() == OperatorKind.FEED_FORWARD) {
                return (Approximation.OfHidden) (phase, gate, hidden) ->
                        Arrays.setAll(hidden, i -> keep(gate[i], hidden[i], threshold));
            }
            return (Approximation.OfInput) (phase, x) -> Arrays.setAll(x, i -> keep(x[i], x[i], threshold));
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private final class Session implements SessionOperators {

        private final Prepared prepared;
        private final Map<OperatorKey, Operator.Call> calls = new HashMap<>();
        private final Map<OperatorKey, long[]> rows = new HashMap<>();

        Session(Prepared prepared, SessionContext context) {
            this.prepared = prepared;
            for (OperatorKey key : prepared.plan.taken()) {
                if (key.kind() != OperatorKind.ACTIVATION) {
                    Operator.Call sound = key.kind() == OperatorKind.FEED_FORWARD
                            ? new Block(prepared, key.layer(), context)
                            : new Product(prepared, key, context);
                    Operator.Call call = change(key, prepared.model, context, sound);
                    long[] counts = rows.computeIfAbsent(key, k -> new long[2]);
                    calls.put(key, (pass, x, y) -> {
                        call.apply(pass, x, y);
                        counts[0] += pass.batch();
                        counts[1] += pass.phase() == Phase.DECODE ? pass.batch() : 0;
                    });
                }
            }
        }

        @Override
        public Optional<FeedForward> feedForward(int layer) {
            return Optional.ofNullable(calls.get(new OperatorKey(OperatorKind.FEED_FORWARD, layer)))
                    .map(call -> call::apply);
        }

        @Override
        public Optional<Projection> projection(OperatorKey key) {
            return Optional.ofNullable(calls.get(key)).map(call -> call::apply);
        }

        @Override
        public Optional<Activation> activation(int layer) {
            ActivationFunction function = prepared.model.activation();
            return prepared.plan.takes(new OperatorKey(OperatorKind.ACTIVATION, layer))
                    ? Optional.of(activationOf(function))
                    : Optional.empty();
        }

        @Override
        public Usage usage(OperatorKey key) {
            long[] counts = rows.get(key);
            return counts == null ? Usage.NONE : count(counts[0], counts[1]);
        }
    }

    protected Usage count(long rows, long decodeRows) {
        return new Usage(rows, 10 * rows, 10 * rows, 0, 0, decodeRows);
    }

    protected Activation activationOf(ActivationFunction function) {
        return (pass, gate, offset, from, to) -> {
            for (int i = offset + from; i < offset + to; i++) {
                gate[i] = (float) Matrices.activate(function, gate[i]);
            }
        };
    }

    /** {@code y = W·x}. */
    private static final class Product implements Operator.Call {

        private final double[][] matrix;
        private final double[] input;
        private final double threshold;
        private final SessionContext context;
        private final dev.sparsellm.spi.WorkerGroup.Task rowsOfPart = this::rowsOfPart;
        private float[] y;
        private int row;

        Product(Prepared prepared, OperatorKey key, SessionContext context) {
            matrix = prepared.matrices.get(
                    prepared.model.projectionWeights(key).orElseThrow().name());
            input = new double[matrix[0].length];
            threshold = prepared.threshold;
            this.context = context;
        }

        @Override
        public void apply(Pass pass, float[] x, float[] y) {
            this.y = y;
            for (row = 0; row < pass.batch(); row++) {
                for (int c = 0; c < input.length; c++) {
                    float value = x[row * input.length + c];
                    input[c] = keep(value, value, threshold);
                }
                context.workers().run(Math.ceilDiv(matrix.length, ROWS_OF_A_PART), rowsOfPart);
            }
        }

        private void rowsOfPart(int part, int worker) {
            int to = Math.min(matrix.length, (part + 1) * ROWS_OF_A_PART);
            for (int r = part * ROWS_OF_A_PART; r < to; r++) {
                y[row * matrix.length + r] = (float) Matrices.dot(matrix[r], input);
            }
        }
    }

    /** {@code y = down(act(gate·x) ⊙ up·x)}. */
    private static final class Block implements Operator.Call {

        private final double[][] gate;
        private final double[][] up;
        private final double[][] down;
        private final double[] input;
        private final double[] hidden;
        private final double threshold;
        private final ActivationFunction activation;

        Block(Prepared prepared, int layer, SessionContext context) {
            LayerWeights weights = prepared.model.layers().get(layer);
            gate = prepared.matrices.get(weights.gate().name());
            up = prepared.matrices.get(weights.up().name());
            down = prepared.matrices.get(weights.down().name());
            input = new double[gate[0].length];
            hidden = new double[gate.length];
            threshold = prepared.threshold;
            activation = prepared.model.activation();
        }

        @Override
        public void apply(Pass pass, float[] x, float[] y) {
            for (int b = 0; b < pass.batch(); b++) {
                for (int c = 0; c < input.length; c++) {
                    input[c] = x[b * input.length + c];
                }
                for (int i = 0; i < hidden.length; i++) {
                    double a = Matrices.activate(activation, Matrices.dot(gate[i], input));
                    hidden[i] = keep(a, a * Matrices.dot(up[i], input), threshold);
                }
                for (int r = 0; r < down.length; r++) {
                    y[b * down.length + r] = (float) Matrices.dot(down[r], hidden);
                }
            }
        }
    }
}
