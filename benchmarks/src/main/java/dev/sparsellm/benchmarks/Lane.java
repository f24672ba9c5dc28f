package dev.sparsellm.benchmarks;

import dev.sparsellm.kernels.Scratch;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.ThreadParams;

/** One thread of a benchmark: it does its part of one matrix after another. */
@State(Scope.Thread)
public class Lane {

    int part;
    int parts;
    float[] y = new float[0];
    final Scratch scratch = new Scratch();
    private int turn;

    /** For JMH. */
    public Lane() {}

    /** Which part is this thread's. */
    @Setup
    public void setUp(ThreadParams threads) {
        part = threads.getThreadIndex();
        parts = threads.getThreadCount();
    }

    /** The number of the next matrix. */
    int next(int matrices) {
        turn = turn + 1 < matrices ? turn + 1 : 0;
        return turn;
    }

    /** Where this thread's part of {@code n} begins. */
    int from(int n) {
        return (int) ((long) n * part / parts);
    }

    /** Where it ends. */
    int to(int n) {
        return (int) ((long) n * (part + 1) / parts);
    }

    /** Room for results, the same array each time. */
    float[] results(int length) {
        if (y.length < length) {
            y = new float[length];
        }
        return y;
    }
}
