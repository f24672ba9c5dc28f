package dev.sparsellm.kernels;

import static dev.sparsellm.kernels.VectorWidth.FLOATS;
import static dev.sparsellm.kernels.VectorWidth.LANES;
import static dev.sparsellm.kernels.VectorWidth.load;
import static dev.sparsellm.kernels.VectorWidth.total;
import static dev.sparsellm.kernels.VectorWidth.zero;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The kernels on the Vector API. Not to be loaded before {@link KernelChoice} has found that this JVM can run it. */
final class VectorKernels implements Kernels {

    private final Map<TensorType, VectorFormat> formats = Stream.of(
                    new VectorF32(),
                    LANES == 8 && IntsAsFloats.AS_THEY_ARE ? new VectorF16Pairs() : new VectorF16(),
                    LANES == 8 ? new VectorBF16Pairs() : new VectorBF16(),
                    LANES == 8 ? new VectorQ4x0Shorts() : new VectorQ4x0(),
                    new VectorQ4x1(),
                    new VectorQ5x0(),
                    new VectorQ5x1(),
                    LANES == 8 ? new VectorQ8x0Ints() : new VectorQ8x0(),
                    LANES == 8 ? new VectorSuperBlocks(new VectorQ2KInts()) : new VectorQ2K(),
                    LANES == 8 ? new VectorSuperBlocks(new VectorQ3KInts()) : new VectorQ3K(),
                    LANES == 8 ? new VectorSuperBlocks(new VectorQ4KInts()) : new VectorQ4K(),
                    LANES == 8 ? new VectorSuperBlocks(new VectorQ5KInts()) : new VectorQ5K(),
                    LANES == 8 ? new VectorSuperBlocks(new VectorQ6KInts()) : new VectorQ6K())
            .collect(Collectors.toMap(VectorFormat::type, Function.identity()));

    /** By type and bytes of a row. */
    private final Map<Trial, WayTrial> trials = new ConcurrentHashMap<>();

    private record Trial(TensorType type, long rowBytes) {}

    private final SparseKernels sparse = new VectorSparseKernels();

    @Override
    public String name() {
        return "vector-" + VectorWidth.BITS;
    }

    @Override
    public int vectorBits() {
        return VectorWidth.BITS;
    }

    @Override
    public RowProduct rows(Tensor weights) {
        VectorFormat format = format(weights);
        WayTrial trial = trials.computeIfAbsent(
                new Trial(weights.type(), weights.rowBytes()), of -> new WayTrial(format.ways().size()));
        return new VectorRowProduct(format, weights.data().isNative() ? weights : offHeap(weights), trial);
    }

    @Override
    public BatchedInput batchedInput() {
        return VectorGemm.input();
    }

    private static Tensor offHeap(Tensor weights) {
        return new Tensor(weights.name(), weights.type(), weights.rows(), weights.columns(),
                NativeSegments.copyOf(weights.data()));
    }

    @Override
    public ChannelProduct channels(ChannelMajor weights) {
        return sparse.channels(weights);
    }

    @Override
    public int listOutside(
            float[] values, int valuesOffset, float factor, float[] lower, float[] upper, int from, int to,
            int[] indices, int indicesOffset) {
        return sparse.listOutside(values, valuesOffset, factor, lower, upper, from, to, indices, indicesOffset);
    }

    @Override
    public int replaceInside(
            float[] tested, int testedOffset, float factor, float[] lower, float[] upper, float[] substitutes,
            float[] values, int valuesOffset, float[] out, int outOffset, int from, int to) {
        return sparse.replaceInside(
                tested, testedOffset, factor, lower, upper, substitutes, values, valuesOffset, out, outOffset, from,
                to);
    }

    @Override
    public void dequantize(Tensor weights, int row, float[] out, int outOffset) {
        Ranges.check(row, row + 1, weights.rows(), weights.name());
        VectorFormat format = format(weights);
        long at = row * weights.rowBytes();
        if (weights.data().isNative()) {
            format.unpack(weights.data(), at, weights.columns(), out, outOffset);
        } else { // the same bits
            ScalarBlocks.unpack(weights.type(), weights.data(), at, weights.columns(), out, outOffset);
        }
    }

    private VectorFormat format(Tensor weights) {
        ScalarBlocks.requireSupported(weights);
        return formats.get(weights.type());
    }

    /** Four vectors of sums, or a fused multiply-add would wait for the one before. */
    @Override
    public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
        FloatVector sum0 = zero();
        FloatVector sum1 = zero();
        FloatVector sum2 = zero();
        FloatVector sum3 = zero();
        int i = 0;
        for (; i + 4 * LANES <= n; i += 4 * LANES) {
            sum0 = load(a, aOffset + i).fma(load(b, bOffset + i), sum0);
            sum1 = load(a, aOffset + i + LANES).fma(load(b, bOffset + i + LANES), sum1);
            sum2 = load(a, aOffset + i + 2 * LANES).fma(load(b, bOffset + i + 2 * LANES), sum2);
            sum3 = load(a, aOffset + i + 3 * LANES).fma(load(b, bOffset + i + 3 * LANES), sum3);
        }
        for (; i + LANES <= n; i += LANES) {
            sum0 = load(a, aOffset + i).fma(load(b, bOffset + i), sum0);
        }
        float sum = total(sum0.add(sum1).add(sum2.add(sum3)));
        for (; i < n; i++) {
            sum += a[aOffset + i] * b[bOffset + i];
        }
        return sum;
    }

    @Override
    public void dots(
            float factor, float[] x, int xOffset, float[] rows, int rowsOffset, int stride, int count, float[] out,
            int outOffset, int n) {
        VectorAttention.dots(factor, x, xOffset, rows, rowsOffset, stride, count, out, outOffset, n);
    }

    @Override
    public void addRows(
            float[] factors, int factorsOffset, float[] rows, int rowsOffset, int stride, int count, float[] y,
            int yOffset, int n) {
        VectorAttention.addRows(factors, factorsOffset, rows, rowsOffset, stride, count, y, yOffset, n);
    }

    @Override
    public void add(float[] x, int xOffset, float[] y, int yOffset, int n) {
        int whole = FLOATS.loopBound(n);
        for (int i = 0; i < whole; i += LANES) {
            load(y, yOffset + i).add(load(x, xOffset + i)).intoArray(y, yOffset + i);
        }
        for (int i = whole; i < n; i++) {
            y[yOffset + i] += x[xOffset + i];
        }
    }

    @Override
    public void rmsNorm(float[] x, int xOffset, float[] weight, float epsilon, float[] y, int yOffset, int n) {
        float scale = (float) (1 / Math.sqrt(dot(x, xOffset, x, xOffset, n) / (double) n + epsilon));
        int whole = FLOATS.loopBound(n);
        for (int i = 0; i < whole; i += LANES) {
            load(x, xOffset + i).mul(scale).mul(load(weight, i)).intoArray(y, yOffset + i);
        }
        for (int i = whole; i < n; i++) {
            y[yOffset + i] = x[xOffset + i] * scale * weight[i];
        }
    }

    @Override
    public void silu(float[] x, int from, int to) {
        int whole = from + FLOATS.loopBound(to - from);
        VectorExp.silu(x, from, whole);
        for (int i = whole; i < to; i++) {
            x[i] = ScalarKernels.silu(x[i]);
        }
    }

    @Override
    public void multiply(float[] x, float[] y, int from, int to) {
        int whole = from + FLOATS.loopBound(to - from);
        for (int i = from; i < whole; i += LANES) {
            load(x, i).mul(load(y, i)).intoArray(x, i);
        }
        for (int i = whole; i < to; i++) {
            x[i] *= y[i];
        }
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        int end = offset + n;
        int whole = offset + FLOATS.loopBound(n);
        FloatVector maxima = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = offset; i < whole; i += LANES) {
            maxima = maxima.max(load(x, i));
        }
        float max = maxima.reduceLanes(VectorOperators.MAX);
        for (int i = whole; i < end; i++) {
            max = Math.max(max, x[i]);
        }
        VectorExp.exp(x, offset, whole, max);
        FloatVector sums = zero();
        for (int i = offset; i < whole; i += LANES) {
            sums = sums.add(load(x, i));
        }
        float sum = total(sums);
        for (int i = whole; i < end; i++) {
            x[i] = (float) Math.exp(x[i] - max);
            sum += x[i];
        }
        float scale = 1 / sum;
        for (int i = offset; i < whole; i += LANES) {
            load(x, i).mul(scale).intoArray(x, i);
        }
        for (int i = whole; i < end; i++) {
            x[i] *= scale;
        }
    }
}
