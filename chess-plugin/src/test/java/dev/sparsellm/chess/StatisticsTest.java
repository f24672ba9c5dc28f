package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.util.ArrayList;
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
}
