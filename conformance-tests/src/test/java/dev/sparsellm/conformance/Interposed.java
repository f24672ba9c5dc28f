package dev.sparsellm.conformance;

import dev.sparsellm.spi.Activation;
import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.HostServices;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TextRunner;
import dev.sparsellm.spi.WorkerGroup;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Stands between a host and a provider, so that a sound host looks broken in one place. */
class Interposed implements OperatorProvider {

    private final OperatorProvider provider;

    Interposed(OperatorProvider provider) {
        this.provider = provider;
    }

    // What broken hosts change; by default nothing.

    ModelDescription change(ModelDescription model) {
        return model;
    }

    HostServices change(HostServices host) {
        return host;
    }

    PreparedOperators change(PreparedOperators sound) {
        return sound;
    }

    SessionOperators open(PreparedOperators prepared, SessionContext context) {
        return prepared.newSession(context);
    }

    Operator.Call change(OperatorKey key, SessionOperators session, SessionContext context, Operator.Call sound) {
        return sound;
    }

    Optional<Activation> change(Optional<Activation> sound) {
        return sound;
    }

    @Override
    public String id() {
        return provider.id();
    }

    @Override
    public int apiLevel() {
        return provider.apiLevel();
    }

    @Override
    public int priority() {
        return provider.priority();
    }

    @Override
    public Availability availability() {
        return provider.availability();
    }

    @Override
    public List<Setting> settings() {
        return provider.settings();
    }

    @Override
    public Plan plan(ModelDescription model, Settings settings) {
        return provider.plan(change(model), settings);
    }

    @Override
    public PreparedOperators prepare(ModelDescription model, Settings settings, Plan plan, HostServices host) {
        PreparedOperators prepared = provider.prepare(change(model), settings, plan, change(host));
        return change(new PreparedOperators() {
            @Override
            public SessionOperators newSession(SessionContext context) {
                SessionOperators session = open(prepared, context);
                return new SessionOperators() {
                    @Override
                    public Optional<FeedForward> feedForward(int layer) {
                        OperatorKey key = new OperatorKey(OperatorKind.FEED_FORWARD, layer);
                        return session.feedForward(layer)
                                .map(block -> change(key, session, context, block::apply)::apply);
                    }

                    @Override
                    public Optional<Projection> projection(OperatorKey key) {
                        return session.projection(key)
                                .map(product -> change(key, session, context, product::apply)::apply);
                    }

                    @Override
                    public Optional<Activation> activation(int layer) {
                        return change(session.activation(layer));
                    }

                    @Override
                    public void close() {
                        session.close();
                    }
                };
            }

            @Override
            public void close() {
                prepared.close();
            }
        });
    }

    /** Host services to change. */
    static class Services implements HostServices {

        private final HostServices sound;

        Services(HostServices sound) {
            this.sound = sound;
        }

        @Override
        public int apiLevel() {
            return sound.apiLevel();
        }

        @Override
        public WorkerGroup workers() {
            return sound.workers();
        }

        @Override
        public DenseOperators dense() {
            return sound.dense();
        }

        @Override
        public TextRunner text() {
            return sound.text();
        }

        @Override
        public Path cacheDirectory() {
            return sound.cacheDirectory();
        }

        @Override
        public ProgressSink progress() {
            return sound.progress();
        }

        @Override
        public void notice(String message) {
            sound.notice(message);
        }
    }

    /** Dense operators to change. */
    static class Dense implements DenseOperators {

        private final DenseOperators sound;

        Dense(DenseOperators sound) {
            this.sound = sound;
        }

        @Override
        public Projection projection(Tensor weights, SessionContext context) {
            return sound.projection(weights, context);
        }

        @Override
        public FeedForward feedForward(int layer, SessionContext context) {
            return sound.feedForward(layer, context);
        }
    }
}
