package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("every-width")
class CompactTest {

    static Stream<SparseKernels> kernels() {
        return Stream.of(new ScalarSparseKernels(), new VectorSparseKernels());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void listsAscendingIndicesOfWhatExceedsItsThreshold(SparseKernels kernels) {
        SplittableRandom random = new SplittableRandom(1);
        for (int n : new int[] {0, 1, 15, 16, 17, 64, 172, 1000}) {
            float[] values = new float[n + 2];
            float[] thresholds = new float[n];
            for (int i = 0; i < n; i++) {
                values[i + 2] = (float) random.nextGaussian();
                thresholds[i] = (float) Math.abs(random.nextGaussian());
            }
            for (int from : new int[] {0, Math.min(5, n)}) {
                int[] indices = new int[n - from + 3];
                Arrays.fill(indices, -1);
                int count = kernels.compact(values, 2, thresholds, from, n, indices, 3);
                assertThat(Arrays.copyOfRange(indices, 3, 3 + count))
                        .isEqualTo(IntStream.range(from, n)
                                .filter(i -> Math.abs(values[i + 2]) > thresholds[i])
                                .toArray());
                assertThat(Arrays.copyOf(indices, 3)).containsOnly(-1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void dropsWhatEqualsItsThresholdAndKeepsNotANumber(SparseKernels kernels) {
        float[] values = new float[40];
        float[] thresholds = new float[40];
        values[3] = Float.NaN;
        values[4] = Float.NEGATIVE_INFINITY;
        values[5] = thresholds[5] = 2;
        values[6] = -Float.MIN_VALUE;
        values[38] = Float.NaN;
        int[] indices = new int[40];
        int count = kernels.compact(values, 0, thresholds, 0, 40, indices, 0);
        assertThat(Arrays.copyOf(indices, count)).containsExactly(3, 4, 6, 38);
    }
}
