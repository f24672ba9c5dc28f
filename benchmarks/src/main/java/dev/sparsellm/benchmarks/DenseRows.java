package dev.sparsellm.benchmarks;

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

/** The dense product with one x, prepared before: what decoding without a plugin consists of. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--sun-misc-unsafe-memory-access=allow"})
public class DenseRows {

    /** How weights are stored. */
    @Param({"Q8_0", "Q4_0", "F16", "BF16"})
    public TensorType type;

    /** Gate or up, and down, of Llama 3.2 1B and of Llama 3 8B. */
    @Param({"8192x2048", "2048x8192", "14336x4096", "4096x14336"})
    public String shape;

    /** Of all matrices together. */
    @Param(Matrices.MEGABYTES)
    public int megabytes;

    private Matrices matrices;
    private RowProduct[] products;
    private SingleInput x;

    /** For JMH. */
    public DenseRows() {}

    @Setup
    public void setUp() {
        matrices = Matrices.of(type, shape, megabytes);
        products = matrices.rowProducts();
        x = SingleInput.of(RandomWeights.activations(matrices.columns(), 2), 0);
        products[0].prepare(x);
    }

    @TearDown
    public void tearDown() {
        matrices.close();
    }

    /** A thread's share of the rows of one matrix. */
    @Benchmark
    public float[] multiply(Lane lane) {
        int rows = matrices.rows();
        int from = lane.from(rows);
        int to = lane.to(rows);
        float[] y = lane.results(rows);
        products[lane.next(products.length)].multiply(x, y, 0, from, to, lane.scratch);
        return y;
    }
}
