package dev.sparsellm.runtime.dense;

import dev.sparsellm.spi.ApiLevel;
import dev.sparsellm.spi.Decision;
import dev.sparsellm.spi.DenseOperators;
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
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The host's dense operators under a name, so that users can ask for them as for any other provider's. */
public final class DenseProvider implements OperatorProvider {

    /** The name. */
    public static final String ID = "dense";

    /** Found by {@link java.util.ServiceLoader}. */
    public DenseProvider() {}

    @Override
    public String id() {
        return ID;
    }

    @Override
    public int apiLevel() {
        return ApiLevel.CURRENT;
    }

    @Override
    public String description() {
        return "every weight, exactly: the reference";
    }

    @Override
    public int priority() {
        return Integer.MIN_VALUE;
    }

    @Override
    public Plan plan(ModelDescription model, Settings settings) {
        Map<OperatorKey, Decision> decisions = new TreeMap<>();
        for (OperatorKey key : OperatorKey.all(model.shape())) {
            // Activations are part of the dense feed-forward block; another provider's must stay in force there.
            if (key.kind() != OperatorKind.ACTIVATION) {
                decisions.put(key, decide(weights(model, key)));
            }
        }
        return Plan.of(decisions);
    }

    private static List<Tensor> weights(ModelDescription model, OperatorKey key) {
        if (key.kind() == OperatorKind.FEED_FORWARD) {
            LayerWeights layer = model.layers().get(key.layer());
            return List.of(layer.gate(), layer.up(), layer.down());
        }
        return List.of(model.projectionWeights(key).orElseThrow());
    }

    private static Decision decide(List<Tensor> weights) {
        for (Tensor tensor : weights) {
            switch (tensor.type()) {
                case I32, I64, F64 -> {
                    return new Decision.Refused(
                            tensor.name() + " is stored as " + tensor.type() + ", which weights never are",
                            "convert the model again");
                }
                default -> {}
            }
        }
        return new Decision.Taken("dense");
    }

    @Override
    public PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host) {
        return new Prepared(model, plan, host.dense());
    }

    private static final class Prepared implements PreparedOperators {

        private final ModelDescription model;
        private final Plan plan;
        private final DenseOperators dense;
        private volatile boolean closed;

        Prepared(ModelDescription model, Plan plan, DenseOperators dense) {
            this.model = model;
            this.plan = plan;
            this.dense = dense;
        }

        @Override
        public SessionOperators newSession(SessionContext context) {
            if (closed) {
                throw new IllegalStateException("These operators are closed");
            }
            return new SessionOperators() {
                @Override
                public Optional<FeedForward> feedForward(int layer) {
                    return plan.takes(new OperatorKey(OperatorKind.FEED_FORWARD, layer))
                            ? Optional.of(dense.feedForward(layer, context))
                            : Optional.empty();
                }

                @Override
                public Optional<Projection> projection(OperatorKey key) {
                    return plan.takes(key)
                            ? model.projectionWeights(key).map(weights -> dense.projection(weights, context))
                            : Optional.empty();
                }
            };
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
