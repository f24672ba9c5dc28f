package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.testing.EveryWidth;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link SparseKernels#listOutside} and {@link SparseKernels#replaceInside}, which have to agree. */
@EveryWidth
class BoundsTest {

    private static final int[] LENGTHS = {0, 1, 15, 16, 17, 64, 172, 1000};
    private static final float FACTOR = 0.75f;

    private final SplittableRandom random = new SplittableRandom(1);

    static Stream<Kernels> kernels() {
        return Stream.of(new ScalarKernels(), new VectorKernels());
    }

    private float[] random(int n, double least, double most) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextDouble(least, most);
        }
        return values;
    }

    private static boolean inside(float value, float lower, float upper) {
        return value * FACTOR >= lower && value * FACTOR <= upper;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void listsAscendingIndicesOfWhatIsOutsideItsBounds(Kernels kernels) {
        for (int n : LENGTHS) {
            float[] values = random(n + 2, -2, 2);
            float[] lower = random(n, -1, 0);
            float[] upper = random(n, 0, 1);
            for (int from : new int[] {0, Math.min(5, n)}) {
                int[] indices = new int[n - from + 3];
                Arrays.fill(indices, -1);
                int count = kernels.listOutside(values, 2, FACTOR, lower, upper, from, n, indices, 3);
                assertThat(Arrays.copyOfRange(indices, 3, 3 + count))
                        .isEqualTo(IntStream.range(from, n)
                                .filter(i -> !inside(values[i + 2], lower[i], upper[i]))
                                .toArray());
                assertThat(Arrays.copyOf(indices, 3)).containsOnly(-1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void replacesWhatIsInsideAndNothingElse(Kernels kernels) {
        for (int n : LENGTHS) {
            float[] tested = random(n + 1, -2, 2);
            float[] lower = random(n, -1, 0);
            float[] upper = random(n, 0, 1);
            float[] substitutes = random(n, 5, 6);
            float[] values = random(n + 2, -2, 2);
            float[] out = new float[n + 6];
            float[] expected = new float[n + 6];
            int outside = 0;
            for (int i = 0; i < n; i++) {
                boolean inside = inside(tested[i + 1], lower[i], upper[i]);
                expected[i + 3] = inside ? substitutes[i] : values[i + 2];
                outside += inside ? 0 : 1;
            }
            int counted = kernels.replaceInside(
                    tested, 1, FACTOR, lower, upper, substitutes, values, 2, out, 3, 0, n);
            assertThat(out).isEqualTo(expected);
            assertThat(counted).isEqualTo(outside);

            int from = Math.min(5, n);
            float[] part = new float[n + 6];
            int countedFrom = kernels.replaceInside(
                    tested, 1, FACTOR, lower, upper, substitutes, values, 2, part, 3, from, n);
            assertThat(countedFrom).isEqualTo((int) IntStream.range(from, n)
                    .filter(i -> !inside(tested[i + 1], lower[i], upper[i]))
                    .count());
            assertThat(Arrays.copyOf(part, from + 3)).containsOnly(0);
            assertThat(Arrays.copyOfRange(part, from + 3, n + 6)).isEqualTo(Arrays.copyOfRange(expected, from + 3, n + 6));

            kernels.replaceInside(tested, 1, FACTOR, lower, upper, substitutes, values, 2, values, 2, 0, n); // in place
            assertThat(Arrays.copyOfRange(values, 2, n + 2)).isEqualTo(Arrays.copyOfRange(expected, 3, n + 3));
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void whatEqualsABoundIsInsideAndNotANumberIsNot(Kernels kernels) {
        float[] values = new float[40];
        float[] lower = new float[40];
        float[] upper = new float[40];
        values[3] = Float.NaN;
        values[4] = Float.NEGATIVE_INFINITY;
        values[5] = upper[5] = 2;
        values[6] = -Float.MIN_VALUE;
        values[7] = lower[7] = -2;
        values[38] = Float.NaN;
        int[] indices = new int[40];
        int count = kernels.listOutside(values, 0, 1, lower, upper, 0, 40, indices, 0);
        assertThat(Arrays.copyOf(indices, count)).containsExactly(3, 4, 6, 38);

        float[] out = new float[40];
        assertThat(kernels.replaceInside(values, 0, 1, lower, upper, new float[40], values, 0, out, 0, 0, 40))
                .isEqualTo(4);
        assertThat(out[3]).isNaN();
        assertThat(out[38]).isNaN();
        assertThat(out[4]).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(out[5]).isZero();
    }
}
