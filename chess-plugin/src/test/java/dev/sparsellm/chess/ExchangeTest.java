package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.chess.Exchange.Parabola;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExchangeTest {

    private static final double[] FREE = {0.5, 0.5, 0.5};
    private static final double[] BACK = {-0.5, -0.5, -0.5};

    @Test
    void aParabolaGoesThroughBothPoints() {
        Parabola parabola = Parabola.through(-0.1, 0.02, 0.3, 0.5);
        assertThat(at(parabola, -0.1)).isCloseTo(0.02, within(1e-12));
        assertThat(at(parabola, 0.3)).isCloseTo(0.5, within(1e-12));
        // Where a share cannot be moved to one side, a line is all that is known.
        assertThat(Parabola.through(0, 0, 0.2, 0.1)).isEqualTo(new Parabola(0.5, 0));
        assertThat(Parabola.through(-0.2, -0.1, 0, 0)).isEqualTo(new Parabola(0.5, 0));
    }

    /** Two equations in hand: moves add up to no bytes, and the next byte costs the same everywhere. */
    @Test
    void afterwardsTheNextByteCostsTheSameEverywhere() {
        double[] bytes = {100, 300, 50};
        List<Parabola> parabolas = List.of(new Parabola(0.2, 1), new Parabola(0.3, 2), new Parabola(0.05, 0.8));
        double[] steps = Exchange.steps(parabolas, bytes, BACK, FREE);
        assertThat(steps[0] * 100 + steps[1] * 300 + steps[2] * 50).isCloseTo(0, within(1e-9));
        double[] prices = new double[3];
        Arrays.setAll(prices, i -> (parabolas.get(i).slope() + parabolas.get(i).curvature() * steps[i]) / bytes[i]);
        assertThat(prices[1]).isCloseTo(prices[0], within(1e-9));
        assertThat(prices[2]).isCloseTo(prices[0], within(1e-9));
        assertThat(steps[0]).isNegative();
        assertThat(steps[1]).isPositive();
        double before = 0;
        double after = 0;
        for (int i = 0; i < 3; i++) {
            after += at(parabolas.get(i), steps[i]);
        }
        assertThat(after).isLessThan(before);
    }

    @Test
    void noShareMovesFurtherThanItMay() {
        double[] bytes = {100, 100, 0};
        List<Parabola> parabolas = List.of(new Parabola(5, 0.1), new Parabola(1, 0.1), new Parabola(0, 0));
        double[] steps = Exchange.steps(parabolas, bytes, new double[] {-0.2, 0, 0}, new double[] {0.2, 0.3, 0});
        assertThat(steps).containsExactly(new double[] {-0.2, 0.2, 0}, within(1e-9));
    }

    /** Noise bends some curves downwards: none of them may take all there is. */
    @Test
    void aPlaceThatSeemsToCostLessAndLessIsTakenForAFlatOne() {
        double[] bytes = {100, 100, 100};
        List<Parabola> parabolas = List.of(new Parabola(1, 2), new Parabola(1, -3), new Parabola(1.05, 2));
        double[] steps = Exchange.steps(parabolas, bytes, BACK, FREE);
        assertThat(Math.abs(steps[1])).isLessThan(0.1);
        // It counts as a quarter of the mean of the others, 0.5: the next byte costs 3.025 / 3 in the end.
        assertThat(steps[1]).isCloseTo((3.025 / 3 - 1) / 0.5, within(1e-9));
        assertThat(steps[2]).isCloseTo((3.025 / 3 - 1.05) / 2, within(1e-9));
    }

    /** Where a share is at its bound only a line is known: it says nothing of how flat a place may be. */
    @Test
    void linesCountAsFlatAndNotAmongTheMean() {
        double[] bytes = {100, 100, 100};
        List<Parabola> parabolas = List.of(new Parabola(1, 2), new Parabola(1, 0), new Parabola(1.05, 2));
        assertThat(Exchange.steps(parabolas, bytes, BACK, FREE)[1]).isCloseTo((3.025 / 3 - 1) / 0.5, within(1e-9));
    }

    @Test
    void whereThereAreOnlyLinesAllGoesToTheCheapest() {
        double[] bytes = {100, 100};
        for (double dear : new double[] {1.5, 3, 5, 7}) {
            double[] steps = Exchange.steps(
                    List.of(new Parabola(dear, 0), new Parabola(1, 0)), bytes, new double[] {-0.2, -0.2}, new double[] {0.3, 0.2});
            assertThat(steps).containsExactly(new double[] {-0.2, 0.2}, within(1e-9));
        }
        List<Parabola> alike = List.of(new Parabola(0, 0), new Parabola(0, 0));
        assertThat(Exchange.steps(alike, bytes, BACK, FREE)).containsExactly(new double[] {0, 0}, within(1e-9));
    }

    @Test
    void aPlaceWithoutBytesStaysAsItIs() {
        double[] bytes = {100, 0};
        assertThat(Exchange.steps(List.of(new Parabola(1, 1), new Parabola(-9, 1)), bytes, BACK, FREE))
                .containsExactly(new double[] {0, 0}, within(1e-9));
    }

    /** Where all cost much, and some have few bytes. */
    @Test
    void thePriceOfAByteIsFoundHoweverDearItIs() {
        double[] bytes = {0.5, 0.25};
        double[] steps = Exchange.steps(
                List.of(new Parabola(50, 1), new Parabola(25.25, 1)), bytes, new double[] {-0.5, -0.5}, new double[] {0.5, 0.5});
        // Prices meet where 100 + 2 a = 101 + 4 b, and b = −2 a.
        assertThat(steps).containsExactly(new double[] {0.1, -0.2}, within(1e-9));
    }

    private static double at(Parabola parabola, double x) {
        return parabola.slope() * x + parabola.curvature() * x * x / 2;
    }
}
