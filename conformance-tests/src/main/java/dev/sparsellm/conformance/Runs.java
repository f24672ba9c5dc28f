package dev.sparsellm.conformance;

import dev.sparsellm.spi.Phase;
import dev.sparsellm.spi.SessionOperators;
import dev.sparsellm.spi.WorkerGroup;
import java.util.ArrayList;
import java.util.List;

/** Results to compare with each other, bit by bit. */
final class Runs {

    private static final int[] BATCHES = {3, 1};

    private Runs() {}

    /** What all operators of a new session make of the same few inputs. */
    static float[] all(Trial trial, WorkerGroup workers) {
        try (SessionOperators session = trial.session(workers)) {
            return all(trial, session);
        }
    }

    /** What all operators of a session make of the same few inputs. */
    static float[] all(Trial trial, SessionOperators session) {
        List<float[]> results = new ArrayList<>();
        int length = 0;
        for (Operator operator : trial.operators(session)) {
            for (Phase phase : Phase.values()) {
                for (int batch : BATCHES) {
                    float[] y = operator.apply(phase, batch, operator.input(batch, 17));
                    results.add(y);
                    length += y.length;
                }
            }
        }
        float[] all = new float[length];
        int at = 0;
        for (float[] result : results) {
            System.arraycopy(result, 0, all, at, result.length);
            at += result.length;
        }
        return all;
    }
}
