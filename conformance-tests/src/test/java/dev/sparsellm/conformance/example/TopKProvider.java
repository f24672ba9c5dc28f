package dev.sparsellm.conformance.example;

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
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Feed-forward blocks in which only the hidden activations of largest magnitude count. */
public final class TopKProvider implements OperatorProvider {

    static final String SHARE = "topk.share";

    /** For {@link java.util.ServiceLoader}. */
    public TopKProvider() {}

    @Override
    public String id() {
        return "topk";
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    /** An example serves nobody who has not asked for it. */
    @Override
    public int priority() {
        return -1;
    }

    @Override
    public List<Setting> settings() {
        return List.of(new Setting(
                SHARE, new Setting.Type.Decimal(0, 1, List.of()), "0.5", "share of the hidden channels that count"));
    }

    @Override
    public Plan plan(ModelDescription model, Settings settings) {
        Map<OperatorKey, Decision> decisions = new TreeMap<>();
        for (int layer = 0; layer < model.shape().layers(); layer++) {
            TensorType type = model.layers().get(layer).gate().type();
            decisions.put(new OperatorKey(OperatorKind.FEED_FORWARD, layer), switch (type) {
                case I32, I64, F64 -> new Decision.Refused("weights are stored as " + type, "");
                default -> model.activation() == ActivationFunction.SILU
                        ? new Decision.Taken("top-k")
                        : new Decision.Refused("only SILU is served, not " + model.activation(), "");
            });
        }
        return Plan.of(decisions);
    }

    @Override
    public PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host) {
        int kept = (int) Math.round(settings.decimal(SHARE) * model.shape().ffn());
        return new Prepared(model, plan, host, Math.max(1, kept), new AtomicBoolean());
    }

    private record Prepared(ModelDescription model, Plan plan, HostServices host, int kept, AtomicBoolean closed)
            implements PreparedOperators {

        @Override
        public SessionOperators newSession(SessionContext context) {
            if (closed.get()) {
                throw new IllegalStateException("These operators are closed");
            }
            Map<Integer, FeedForward> blocks = new TreeMap<>();
            plan.taken().forEach(key -> blocks.put(key.layer(), block(model.layers().get(key.layer()), context)));
            return new SessionOperators() {
                @Override
                public Optional<FeedForward> feedForward(int layer) {
                    return Optional.ofNullable(blocks.get(layer));
                }
            };
        }

        private FeedForward block(LayerWeights weights, SessionContext context) {
            int ffn = model.shape().ffn();
            Projection gate = host.dense().projection(weights.gate(), context);
            Projection up = host.dense().projection(weights.up(), context);
            Projection down = host.dense().projection(weights.down(), context);
            float[] gates = new float[context.maxBatch() * ffn]; // [batch][ffn]
            float[] hidden = new float[context.maxBatch() * ffn]; // [batch][ffn]
            return (pass, x, y) -> {
                gate.apply(pass, x, gates);
                up.apply(pass, x, hidden);
                for (int i = 0; i < pass.batch() * ffn; i++) {
                    hidden[i] *= (float) (gates[i] / (1 + Math.exp(-gates[i])));
                }
                for (int row = 0; row < pass.batch(); row++) {
                    keepLargest(hidden, row * ffn, (row + 1) * ffn, kept);
                }
                down.apply(pass, hidden, y);
            };
        }

        @Override
        public Approximation approximation(OperatorKey key) {
            return (Approximation.OfHidden) (phase, gate, hidden) -> {
                float[] values = new float[hidden.length];
                Arrays.setAll(hidden, i -> values[i] = (float) hidden[i]);
                keepLargest(values, 0, values.length, kept);
                Arrays.setAll(hidden, i -> values[i]);
            };
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }

    /** Finds the magnitude of the k-th largest bit by bit, from the top: magnitudes are ordered like their bits. */
    private static void keepLargest(float[] values, int from, int to, int k) {
        int threshold = 0;
        for (int bit = 1 << 30; bit > 0; bit >>= 1) {
            int larger = 0;
            for (int i = from; i < to; i++) {
                larger += Float.floatToRawIntBits(Math.abs(values[i])) >= (threshold | bit) ? 1 : 0;
            }
            threshold |= larger >= k ? bit : 0;
        }
        for (int i = from; i < to; i++) {
            values[i] = Float.floatToRawIntBits(Math.abs(values[i])) >= threshold ? values[i] : 0;
        }
    }
}
