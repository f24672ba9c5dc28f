package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import dev.sparsellm.testing.EveryWidth;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jdk.incubator.vector.VectorShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@EveryWidth
class ChannelProductTest {

    private static final double[] SPARSITIES = {0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1};

    private final Scratch scratch = new Scratch();

    static Stream<TensorType> types() {
        return RandomTensors.weightTypes().stream();
    }

    @Test
    void runsAtTheWidthAskedFor() {
        int asked = Integer.getInteger("sparsellm.vectorBits", 512);
        assertThat(VectorWidth.BITS).isLessThanOrEqualTo(asked);
        if (VectorShape.preferredShape().vectorBitSize() >= asked) {
            assertThat(VectorWidth.BITS).isEqualTo(asked);
        }
    }

    private static List<Tensor> oddShapes(TensorType type) {
        SplittableRandom random = new SplittableRandom(type.ordinal());
        int[] columns = switch (type.blockSize()) {
            case 1 -> new int[] {1, 33, 172};
            case 32 -> new int[] {32, 96, 352};
            default -> new int[] {256, 768};
        };
        Stream<Tensor> small = Arrays.stream(columns)
                .boxed()
                .flatMap(c -> Stream.of(1, 33, 64, 300).map(r -> RandomTensors.tensor(type, r, c, random)));
        // So many rows that the first lines of channels are loaded before they are swept, the last channel's, too.
        Stream<Tensor> longChannels = Stream.of(RandomTensors.tensor(type, 3100, columns[1], random));
        return Stream.concat(small, longChannels).toList();
    }

    private static ChannelMajor repacked(Tensor tensor) {
        byte[] garbage = new byte[Math.toIntExact(ChannelMajor.byteSize(tensor))];
        Arrays.fill(garbage, (byte) 0x5a);
        return ChannelMajor.repack(tensor, MemorySegment.ofArray(garbage));
    }

    private static float[][] weights(Tensor tensor) {
        float[][] weights = new float[tensor.rows()][tensor.columns()];
        for (int r = 0; r < tensor.rows(); r++) {
            new ScalarKernels().dequantize(tensor, r, weights[r], 0);
        }
        return weights;
    }

    @ParameterizedTest
    @MethodSource("types")
    void addsWhatTheOracleSaysForMaskedActivations(TensorType type) {
        SplittableRandom random = new SplittableRandom(1);
        for (Tensor tensor : oddShapes(type)) {
            float[][] weights = weights(tensor);
            ChannelMajor channels = repacked(tensor);
            ChannelProduct scalar = new ScalarSparseKernels().channels(channels);
            ChannelProduct vector = new VectorSparseKernels().channels(channels);
            assertThat(List.of(scalar.rows(), scalar.columns())).isEqualTo(List.of(tensor.rows(), tensor.columns()));
            assertThat(List.of(vector.rows(), vector.columns())).isEqualTo(List.of(tensor.rows(), tensor.columns()));
            for (double sparsity : SPARSITIES) {
                int[] kept = IntStream.range(0, tensor.columns())
                        .filter(c -> random.nextDouble() >= sparsity)
                        .toArray();
                float[] a = new float[tensor.columns() + 3];
                Arrays.fill(a, Float.NaN);
                for (int c : kept) {
                    a[3 + c] = (float) random.nextGaussian();
                }
                float[] before = gaussian(tensor.rows(), random);
                double[] exact = new double[tensor.rows()];
                for (int r = 0; r < tensor.rows(); r++) {
                    for (int c : kept) {
                        exact[r] += (double) a[3 + c] * weights[r][c];
                    }
                }
                for (Reading reading : Reading.values()) {
                    float[] expectedBits = run(scalar, a, kept, before, reading);
                    float[] actual = run(vector, a, kept, before, reading);
                    assertThat(actual).as("%s %s %s", tensor, sparsity, reading).isEqualTo(expectedBits);
                    double error = 0;
                    double energy = 1e-30;
                    for (int r = 0; r < tensor.rows(); r++) {
                        error += Math.pow(actual[r] - before[r] - exact[r], 2);
                        energy += exact[r] * exact[r] + before[r] * before[r];
                    }
                    assertThat(error / energy).as("%s %s %s", tensor, sparsity, reading).isLessThanOrEqualTo(1e-10);
                }
            }
        }
    }

    /** One call for the first third of the list, one for the rest, into the middle of a larger array. */
    private float[] run(ChannelProduct product, float[] a, int[] kept, float[] before, Reading reading) {
        int length = product.accumulatorLength();
        float[] y = new float[7 + length + 5];
        Arrays.fill(y, 42);
        Arrays.fill(y, 7, 7 + length, 0);
        System.arraycopy(before, 0, y, 7, before.length);
        int cut = product.cut(kept, kept.length, 1, 3);
        product.accumulate(a, 3, kept, 0, cut, y, 7, reading, scratch);
        product.accumulate(a, 3, kept, cut, kept.length, y, 7, reading, scratch);
        assertThat(Arrays.copyOf(y, 7)).containsOnly(42);
        assertThat(Arrays.copyOfRange(y, 7 + length, y.length)).containsOnly(42);
        return Arrays.copyOfRange(y, 7, 7 + before.length);
    }

    private static float[] gaussian(int n, SplittableRandom random) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    @ParameterizedTest
    @MethodSource("types")
    void keepsEveryBitOfEveryWeight(TensorType type) {
        for (Tensor tensor : oddShapes(type)) {
            float[][] weights = weights(tensor);
            ChannelMajor channels = repacked(tensor);
            for (SparseKernels kernels : List.of(new ScalarSparseKernels(), new VectorSparseKernels())) {
                ChannelProduct product = kernels.channels(channels);
                float[] a = new float[tensor.columns()];
                float[] y = new float[product.accumulatorLength()];
                for (int c = 0; c < tensor.columns(); c++) {
                    a[c] = 1;
                    Arrays.fill(y, 0);
                    product.accumulate(a, 0, new int[] {c}, 0, 1, y, 0, Reading.FEW_LINES, scratch);
                    int channel = c;
                    // Adding to 0 turns −0 into 0, on both sides.
                    assertThat(bits(tensor.rows(), r -> y[r]))
                            .as("%s, channel %d", tensor, c)
                            .isEqualTo(bits(tensor.rows(), r -> weights[r][channel] + 0f));
                    a[c] = 0;
                }
            }
        }
    }

    private static int[] bits(int n, IntToDoubleFunction value) {
        return IntStream.range(0, n)
                .map(r -> Float.floatToRawIntBits((float) value.applyAsDouble(r)))
                .toArray();
    }

    @ParameterizedTest
    @MethodSource("types")
    void repacksRangesOfUnitsToTheSameBytes(TensorType type) {
        Tensor tensor = RandomTensors.tensor(type, 65, 5 * type.blockSize(), new SplittableRandom(4));
        byte[] whole = new byte[Math.toIntExact(ChannelMajor.byteSize(tensor))];
        ChannelMajor.repack(tensor, MemorySegment.ofArray(whole));
        byte[] parts = new byte[whole.length];
        Arrays.fill(parts, (byte) 0x5a);
        for (int unit : new int[] {3, 0, 4, 1, 2}) {
            ChannelMajor.repack(tensor, MemorySegment.ofArray(parts), unit, unit + 1);
        }
        assertThat(parts).isEqualTo(whole);
    }

    @ParameterizedTest
    @MethodSource("types")
    void takesLittleMoreMemoryThanTheFile(TensorType type) {
        Tensor tensor = RandomTensors.tensor(type, 4096, 256, new SplittableRandom(5));
        assertThat((double) ChannelMajor.byteSize(tensor) / tensor.data().byteSize()).isBetween(1.0, 1.14);
        ChannelProduct product = new VectorSparseKernels().channels(repacked(tensor));
        assertThat(product.bytesRead(256)).isBetween(tensor.data().byteSize(), ChannelMajor.byteSize(tensor));
        assertThat(product.bytesRead(0)).isLessThan(tensor.data().byteSize() / 3);
    }

    @Test
    void propagatesNotANumberFromListedChannelsOnly() {
        Tensor tensor = RandomTensors.tensor(TensorType.Q8_0, 64, 64, new SplittableRandom(6));
        ChannelProduct product = new VectorSparseKernels().channels(repacked(tensor));
        float[] a = new float[64];
        a[40] = Float.NaN;
        float[] y = new float[product.accumulatorLength()];
        product.accumulate(a, 0, new int[] {1, 39, 41}, 0, 3, y, 0, Reading.FEW_LINES, scratch);
        assertThat(y).containsOnly(0f);
        product.accumulate(a, 0, new int[] {1, 40}, 0, 2, y, 0, Reading.FEW_LINES, scratch);
        assertThat(y).containsOnly(Float.NaN);
    }

    @Test
    void cutsListsBetweenGroups() {
        Tensor tensor = RandomTensors.tensor(TensorType.Q4_0, 1, 96, new SplittableRandom(7));
        ChannelProduct product = new VectorSparseKernels().channels(repacked(tensor));
        int[] channels = {0, 1, 2, 30, 31, 32, 64, 70, 95};
        assertThat(IntStream.rangeClosed(0, 3).map(part -> product.cut(channels, 9, part, 3)))
                .containsExactly(0, 5, 6, 9);
        assertThat(product.cut(channels, 0, 1, 2)).isZero();
    }

    @Test
    void refusesWhatWouldReadOrWriteOutOfBounds() {
        Tensor tensor = RandomTensors.tensor(TensorType.Q4_0, 33, 64, new SplittableRandom(8));
        ChannelProduct product = new VectorSparseKernels().channels(repacked(tensor));
        float[] y = new float[product.accumulatorLength()];
        assertThatThrownBy(() -> product.accumulate(new float[64], 0, new int[] {64}, 0, 1, y, 0, Reading.FEW_LINES, scratch))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> product.accumulate(new float[64], 0, new int[] {1}, 0, 1, y, 1, Reading.FEW_LINES, scratch))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> product.accumulate(new float[64], 0, new int[] {1}, 0, 2, y, 0, Reading.FEW_LINES, scratch))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ChannelMajor.repack(tensor, MemorySegment.ofArray(new byte[9])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("random.Q4_0");
        MemorySegment destination = MemorySegment.ofArray(new byte[(int) ChannelMajor.byteSize(tensor)]);
        assertThatThrownBy(() -> ChannelMajor.repack(tensor, destination, 1, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("random.Q4_0");
        assertThatThrownBy(() -> new ChannelMajor(TensorType.Q4_0, 33, 64, MemorySegment.ofArray(new byte[9])))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
