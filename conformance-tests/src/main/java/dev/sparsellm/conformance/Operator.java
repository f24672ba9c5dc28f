package dev.sparsellm.conformance;

import dev.sparsellm.spi.FeedForward;
import dev.sparsellm.spi.ModelDescription;
import dev.sparsellm.spi.OperatorKey;
import dev.sparsellm.spi.OperatorKind;
import dev.sparsellm.spi.Pass;
import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.Projection;
import dev.sparsellm.spi.SessionOperators;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A feed-forward block or projection of one session.
 *
 * @param inputs channels of a row that it reads
 * @param outputs channels of a row that it writes
 */
record Operator(OperatorKey key, int inputs, int outputs, Call call) {

    /** What feed-forward blocks and projections have in common. */
    interface Call {
        void apply(Pass pass, float[] x, float[] y);
    }

    /** The operator of a session; empty for one not there, and for activations. */
    static Optional<Operator> of(ModelDescription model, SessionOperators session, OperatorKey key) {
        if (key.kind() == OperatorKind.ACTIVATION) {
            return Optional.empty();
        }
        Optional<Call> call = key.kind() == OperatorKind.FEED_FORWARD
                ? session.feedForward(key.layer()).map((FeedForward block) -> block::apply)
                : session.projection(key).map((Projection projection) -> projection::apply);
        return call.map(c -> new Operator(key, Oracle.inputs(model, key), Oracle.outputs(model, key), c));
    }

    /** Runs a batch, at position 5. */
    float[] apply(Phase phase, int batch, float[] x) {
        float[] y = new float[batch * outputs];
        call.apply(new Pass(phase, 5, batch), x, y);
        return y;
    }

    /** Normally distributed inputs. */
    float[] input(int batch, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[batch * inputs];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** An array with {@code extra} more values behind. */
    static float[] longer(float[] values, int extra, float filler) {
        float[] longer = Arrays.copyOf(values, values.length + extra);
        Arrays.fill(longer, values.length, longer.length, filler);
        return longer;
    }
}
