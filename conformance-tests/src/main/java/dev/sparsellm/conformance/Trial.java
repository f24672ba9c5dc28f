package dev.sparsellm.conformance;

import dev.sparsellm.spi.DenseOperators;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.Plan;
import dev.sparsellm.spi.PreparedOperators;
import dev.sparsellm.spi.SessionContext;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.WorkerGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** A provider's operators for one model. */
record Trial(TinyModel model, KitHost host, Plan plan, PreparedOperators prepared, Oracle oracle)
        implements AutoCloseable {

    /** Rows that fit the sessions of the kit: more than a multiple of eight, and not one. */
    static final int MAX_BATCH = 19;

    static Trial of(Subject subject, TinyModel model, WorkerGroup workers, Path cache) {
        Matrices matrices = new Matrices();
        DenseOperators dense =
                subject.dense().apply(model.description(), new KitDense(model.description(), matrices));
        KitHost host = new KitHost(model, workers, dense, cache);
        Settings settings = subject.settings();
        Plan plan = subject.provider().plan(model.description(), settings);
        PreparedOperators prepared = subject.provider().prepare(model.description(), settings, plan, host);
        return new Trial(model, host, plan, prepared, new Oracle(model.description(), matrices));
    }

    /** Ends the test as skipped where nothing was taken. */
    Trial orSkip() {
        if (plan.taken().isEmpty()) {
            prepared.close();
            Assumptions.abort("No operator of " + model.description().name() + " is taken"
                    + plan.firstRefusal().map(refused -> ": " + refused.reason()).orElse(""));
        }
        return this;
    }

    SessionOperators session(WorkerGroup workers) {
        return prepared.newSession(new SessionContext(MAX_BATCH, workers));
    }

    /** The feed-forward blocks and projections of a session. */
    List<Operator> operators(SessionOperators session) {
        List<Operator> operators = new ArrayList<>();
        for (OperatorKey key : plan.taken()) {
            Operator.of(model.description(), session, key).ifPresent(operators::add);
        }
        return operators;
    }

    @Override
    public void close() {
        prepared.close();
    }
}
