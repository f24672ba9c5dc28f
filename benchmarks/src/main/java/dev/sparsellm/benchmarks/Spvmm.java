package dev.sparsellm.benchmarks;

import dev.sparsellm.kernels.ChannelProduct;
import dev.sparsellm.kernels.Reading;
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

/** The product with chosen input channels (spvmm): down, and Q and O of a sparse layer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--sun-misc-unsafe-memory-access=allow"})
public class Spvmm {

    /** How weights are stored. */
    @Param({"Q8_0", "Q4_0", "F16", "BF16"})
    public TensorType type;

    /** Down, and Q or O, of Llama 3.2 1B and of Llama 3 8B. */
    @Param({"2048x8192", "2048x2048", "4096x14336", "4096x4096"})
    public String shape;

    /** Share of the channels left out. */
    @Param({"0", "0.5", "0.7"})
    public double sparsity;

    /** How they are read: rows and channels by few lines or by many, and nothing in between. */
    @Param({"FEW_LINES", "MANY_LINES"})
    public Reading reading;

    /** Of all matrices together. */
    @Param(Matrices.MEGABYTES)
    public int megabytes;

    private Matrices matrices;
    private ChannelProduct[] products;
    private int[][] kept;
    private float[] x;

    /** For JMH. */
    public Spvmm() {}

    @Setup
    public void setUp() {
        matrices = Matrices.of(type, shape, megabytes);
        products = matrices.channelProducts();
        kept = matrices.kept(matrices.columns(), sparsity);
        x = RandomWeights.activations(matrices.columns(), 2);
    }

    @TearDown
    public void tearDown() {
        matrices.close();
    }

    /** A thread's share of the kept channels of one matrix, added up for itself. */
    @Benchmark
    public float[] accumulate(Lane lane) {
        int m = lane.next(products.length);
        ChannelProduct product = products[m];
        int[] channels = kept[m];
        int from = product.cut(channels, channels.length, lane.part, lane.parts);
        int to = product.cut(channels, channels.length, lane.part + 1, lane.parts);
        float[] y = lane.results(product.accumulatorLength());
        product.accumulate(x, 0, channels, from, to, y, 0, reading, lane.scratch);
        return y;
    }
}
