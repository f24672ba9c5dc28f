package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.spi.Tensor;
import dev.sparsellm.spi.TensorType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 8})
    void aNumberLiesBetweenTheEdgesOfItsBin(int octaveBits) {
        Grid grid = new Grid(octaveBits, -8, 4);
        double[] edges = grid.edges();
        assertThat(edges).hasSize(grid.bins() - 1).isSorted();
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(-12, 7)));
            int bin = grid.bin(value);
            assertThat(bin == 0 || edges[bin - 1] <= value).isTrue();
            assertThat(bin == edges.length || value <= edges[bin]).isTrue();
        }
    }

    @Test
    void extremesFallIntoTheOutermostBins() {
        Grid grid = new Grid(2, -8, 4);
        assertThat(grid.bin(Float.POSITIVE_INFINITY)).isEqualTo(grid.bins() - 1);
        assertThat(grid.bin(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(grid.bin(16)).isEqualTo(grid.bins() - 1);
        assertThat(grid.bin(Math.nextDown(16f))).isEqualTo(grid.bins() - 2);
        assertThat(grid.bin(0f)).isEqualTo(grid.bins() / 2);
        assertThat(grid.bin(-Float.MIN_VALUE)).isEqualTo(grid.bins() / 2 - 1);
        assertThat(grid.bin(Float.NaN)).isIn(0, grid.bins() - 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 8})
    void groupsAreRunsOfTwoBinsThatMirrorEachOther(int octaveBits) {
        Grid grid = new Grid(octaveBits, -8, 4);
        int[] sizes = new int[grid.groups()];
        for (int bin = 0; bin < grid.bins(); bin++) {
            int group = grid.group(bin);
            sizes[group]++;
            assertThat(grid.group(grid.bins() - 1 - bin)).isEqualTo(grid.groups() - 1 - group);
            assertThat(bin == 0 ? 0 : group - grid.group(bin - 1)).isBetween(0, 1);
        }
        int innermost = grid.groups() / 2;
        for (int group = 0; group < sizes.length; group++) {
            boolean single = group == 0 || group == sizes.length - 1 || group == innermost || group == innermost - 1;
            assertThat(sizes[group]).as("group %d", group).isEqualTo(single ? 1 : 2);
        }
    }

    @Test
    void sumsAreTheSameInAnyOrderAndExactTo64BitsAfterThePoint() {
        Random random = new Random(2);
        List<Double> values = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            values.add(Math.abs(random.nextGaussian()) * Math.pow(2, random.nextInt(-40, 20)));
        }
        FixedPointSums forward = new FixedPointSums(1);
        values.forEach(value -> forward.add(0, value));
        Collections.shuffle(values, random);
        FixedPointSums half = new FixedPointSums(1);
        FixedPointSums other = new FixedPointSums(1);
        for (int i = 0; i < values.size(); i++) {
            (i % 3 == 0 ? half : other).add(0, values.get(i));
        }
        other.addAll(half);
        assertThat(other.words()).isEqualTo(forward.words());
        BigDecimal exact = values.stream().map(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add);
        assertThat(forward.get(0)).isCloseTo(exact.doubleValue(), within(exact.doubleValue() * 1e-13));
    }

    @Test
    void siluIsInvertedOnAllItsBranches() {
        for (double t = 1e-6; t < 50; t *= 1.07) {
            assertThat(Silu.of(Silu.upperBound(t))).isCloseTo(t, within(1e-9 * Math.max(1, t)));
            if (t < 0.27846) {
                assertThat(Silu.of(Silu.lowerBound(t))).isCloseTo(-t, within(1e-9));
                assertThat(Silu.of(Silu.leftTailEnd(t))).isCloseTo(-t, within(1e-9));
                assertThat(Silu.leftTailEnd(t)).isLessThan(Silu.LOWEST_AT);
                assertThat(Silu.lowerBound(t)).isBetween(Silu.LOWEST_AT, 0.0);
            } else {
                assertThat(Silu.leftTailEnd(t)).isEqualTo(Silu.lowerBound(t)).isEqualTo(Silu.LOWEST_AT);
            }
        }
        assertThat(Silu.leftTailEnd(0)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(Silu.upperBound(0)).isCloseTo(0, within(1e-12));
    }

    @Test
    void siluOfLargeNumbersIsThatNumberAndOfOneItIsLeast() {
        assertThat(Silu.upperBound(1e6)).isCloseTo(1e6, within(1e-6));
        assertThat(Silu.upperBound(2e6)).isEqualTo(2e6);
        assertThat(Silu.upperBound(Double.POSITIVE_INFINITY)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(Silu.lowerBound(-Silu.of(Silu.LOWEST_AT))).isEqualTo(Silu.LOWEST_AT);
        assertThat(Silu.of(Silu.LOWEST_AT)).isLessThan(Silu.of(Silu.LOWEST_AT - 1e-6)).isLessThan(Silu.of(Silu.LOWEST_AT + 1e-6));
    }

    @Test
    void gridsAreNeitherEmptyNorBeyondWhatFloatsHold() {
        assertThat(new Grid(0, -100, -98).bins()).isEqualTo(8);
        assertThat(new Grid(8, 98, 100).bins()).isEqualTo(2 * (2 * 256 + 2));
        assertThat(new Grid(0, -32, 32).groups()).isEqualTo(2 * (32 + 2));
        int[][] wrong = {{-1, -5, 3}, {9, -5, 3}, {0, -5, -5}, {0, -32, 34}, {0, -5, 2}, {0, -101, -99}, {0, 99, 101}};
        for (int[] grid : wrong) {
            assertThatThrownBy(() -> new Grid(grid[0], grid[1], grid[2]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("No grid has %d bits an octave and exponents from %d to %d", grid[0], grid[1], grid[2]);
        }
    }

    @Test
    void octavesAreDividedIntoEqualBins() {
        assertThat(new Grid(1, -1, 1).edges())
                .containsExactly(-2, -1.5, -1, -0.75, -0.5, 0, 0.5, 0.75, 1, 1.5, 2);
    }

    @Test
    void whatIsNotPositiveAddsNothingAndWhatIsTooLargeCountsAsTwoToTheFortieth() {
        FixedPointSums sums = new FixedPointSums(2);
        for (double value : new double[] {Double.NaN, -1, 0, -0.0, Double.NEGATIVE_INFINITY}) {
            sums.add(1, value);
        }
        assertThat(sums.words()).containsOnly(0);
        sums.add(1, 0.75);
        sums.add(1, 0.5);
        assertThat(sums.get(1)).isEqualTo(1.25);
        sums.add(0, 0x1p41);
        sums.add(0, Double.POSITIVE_INFINITY);
        assertThat(sums.get(0)).isEqualTo(0x1p41);
        assertThat(sums.get(1)).isEqualTo(1.25);
    }

    /** Two positions of three channels, of which the last two are recorded. */
    @Test
    void hiddenActivationsAndSquaresAreSummedByGroupWithinBounds() {
        Grid grid = new Grid(0, -2, 2);
        SiteStatistics seen = new SiteStatistics(Site.FEED_FORWARD, grid, 3);
        float[] gate = {1, 1.5f, -3, 1, 1.25f, 3};
        float[] activated = {1, 0.5f, -2, 1, 0.25f, 2};
        float[] up = {1, -3, 1e4f, 1, 4, 1e4f};
        seen.recordHidden(gate, activated, up, 2, 1, 3);
        int one = grid.group(grid.bin(1.5f));
        int low = grid.group(grid.bin(-3));
        int high = grid.group(grid.bin(3));
        assertThat(seen.hiddenSum(1, one)).isEqualTo(-1.5 + 1);
        assertThat(seen.upSquareSum(1, one)).isEqualTo(9 + 16);
        assertThat(seen.hiddenSum(2, low)).isEqualTo(-1024);
        assertThat(seen.hiddenSum(2, high)).isEqualTo(1024);
        assertThat(seen.upSquareSum(2, low)).isEqualTo(4096);
        assertThat(seen.upSquareSum(2, high)).isEqualTo(4096);
        assertThat(seen.upMagnitudes().get(1)).isEqualTo(7);
        assertThat(seen.upSquares().get(2)).isEqualTo(2e8);
        assertThat(seen.upSquares().get(0)).isZero();
        assertThat(Arrays.stream(seen.counts()).sum()).isEqualTo(4);
        assertThat(seen.counts()[grid.bins() + grid.bin(1.5f)]).isEqualTo(2);

        SiteStatistics twice = new SiteStatistics(Site.FEED_FORWARD, grid, 3);
        twice.recordHidden(gate, activated, up, 2, 1, 3);
        twice.add(seen);
        assertThat(twice.hiddenSum(1, one)).isEqualTo(-1);
        assertThat(twice.upSquareSum(1, one)).isEqualTo(50);
        assertThat(twice.upMagnitudes().get(1)).isEqualTo(14);
        assertThat(twice.upSquares().get(1)).isEqualTo(50);
        assertThat(twice.counts()[grid.bins() + grid.bin(1.5f)]).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 17, 40})
    void normsOfColumnsAreThoseOfAllRows(int rows) {
        Tensor weights = new RandomWeights(rows).tensor("w", TensorType.Q8_0, rows, 64);
        double[] squares = new double[64];
        float[] row = new float[64];
        for (int r = 0; r < rows; r++) {
            TestDense.KERNELS.dequantize(weights, r, row, 0);
            for (int c = 0; c < 64; c++) {
                squares[c] += (double) row[c] * row[c];
            }
        }
        try (Threads threads = new Threads(2)) {
            float[] norms = new ColumnNorms(TestDense.KERNELS, threads).of(weights);
            assertThat(norms).hasSize(64);
            for (int c = 0; c < 64; c++) {
                assertThat((double) norms[c]).isCloseTo(Math.sqrt(squares[c]), within(1e-6 * Math.sqrt(squares[c])));
            }
        }
    }
}
