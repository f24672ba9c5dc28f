package dev.sparsellm.benchmarks;

import dev.sparsellm.kernels.Reading;
import dev.sparsellm.kernels.RowProduct;
import dev.sparsellm.kernels.SingleInput;
import dev.sparsellm.spi.TensorType;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The product with chosen rows (vmmsp): what is left of up where the gate is closed. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--sun-misc-unsafe-memory-access=allow"})
public class Vmmsp {

    /** How weights are stored. */
    @Param({"Q8_0", "Q4_0", "F16", "BF16"})
    public TensorType type;

    /** Up of Llama 3.2 1B and of Llama 3 8B. */
    @Param({"8192x2048", "14336x4096"})
    public String shape;

    /** Share of the rows left out. */
    @Param({"0", "0.5", "0.7"})
    public double sparsity;

    /** How they are read: rows and channels by few lines or by many, and nothing in between. */
    @Param({"FEW_LINES", "MANY_LINES"})
    public Reading reading;

    /** Of all matrices together. */
    @Param(Matrices.MEGABYTES)
    public int megabytes;

    private Matrices matrices;
    private RowProduct[] products;
    private int[][] kept;
    private SingleInput x;

    /** For JMH. */
    public Vmmsp() {}

    @Setup
    public void setUp() {
        matrices = Matrices.of(type, shape, megabytes);
        products = matrices.rowProducts();
        kept = matrices.kept(matrices.rows(), sparsity);
        x = SingleInput.of(RandomWeights.activations(matrices.columns(), 2), 0);
        products[0].prepare(x);
    }

    @TearDown
    public void tearDown() {
        matrices.close();
    }

    /** A thread's share of the kept rows of one matrix. */
    @Benchmark
    public float[] multiplyRows(Lane lane) {
        int m = lane.next(products.length);
        int[] rows = kept[m];
        int from = lane.from(rows.length);
        int to = lane.to(rows.length);
        float[] y = lane.results(matrices.rows());
        products[m].multiplyRows(x, y, 0, rows, from, to, reading, lane.scratch);
        return y;
    }
}
