package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.chess.DamageMeter.Damage;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.TensorType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The search for a budget where damage is a sum of squares, {@code Σ c_i s_i² / 2}, so that the least is known. */
class BudgetSearchTest {

    private static final SmallLlama MODEL = SmallLlama.random(TensorType.F32, 2, 32, 64, 2, 2, 3);

    /** Of up and down, Q and O, of both layers; and all of them. */
    private static final double[] BYTES = {16384, 4096, 4096, 16384, 4096, 4096};
    private static final double ALL = 49152;

    /** These shares save two fifths of all bytes, for which they are the best: a byte more costs the same everywhere. */
    private static final double[] BEST = {0.5, 0.2, 0.45, 0.3, 0.6, 0.35};

    private final double[] curvatures = new double[6];
    private final List<double[]> measured = new ArrayList<>();
    private final List<String> words = new ArrayList<>();
    private final Threads threads = new Threads(1);
    private final TestHost host = new TestHost(MODEL, threads, Path.of("unused"));

    BudgetSearchTest() {
        Arrays.setAll(curvatures, i -> BYTES[i] / BEST[i] * 1e-5);
    }

    @AfterEach
    void stop() {
        threads.close();
    }

    private double cost(double[] shares) {
        double cost = 0;
        for (int i = 0; i < shares.length; i++) {
            cost += curvatures[i] * shares[i] * shares[i] / 2;
        }
        return cost;
    }

    private static double[] everywhere(double share) {
        double[] shares = new double[6];
        Arrays.fill(shares, share);
        return shares;
    }

    private static double saved(double[] shares) {
        double saved = 0;
        for (int i = 0; i < shares.length; i++) {
            saved += BYTES[i] * shares[i] / ALL;
        }
        return saved;
    }

    private interface Odd {
        double of(double[] shares);
    }

    /** @param leftOut what part of what was asked for is left out */
    private BudgetSearch.Meter meter(double leftOut, Odd odd) {
        return (allocations, what) -> {
            words.add(what);
            return allocations.stream().map(shares -> {
                measured.add(shares);
                double cost = cost(shares);
                double[] kept = Arrays.stream(shares).map(share -> 1 - leftOut * share).toArray();
                return new Damage(cost, 3 + cost, 3, cost, odd.of(shares), kept);
            }).toList();
        };
    }

    private Budget find(String target, BudgetSearch.Meter meter, String... settings) {
        Settings chosen = new Settings(
                ChessSettings.declared(), settings.length == 0 ? Map.of() : Map.of(settings[0], settings[1]));
        BudgetSearch search =
                new BudgetSearch(MODEL.description(), ChessSettings.of(chosen).at(0.5), host, meter);
        Budget budget = search.find(Target.of(target), target, "a test");
        search.report(budget);
        return budget;
    }

    @Test
    void aByteMoreCostsTheSameEverywhereInTheEnd() {
        Budget budget = find("skip=40%", meter(1, this::cost));
        assertThat(Oracle.doubles(budget.shares())).containsExactly(BEST, within(0.005));
        assertThat(budget.skipped()).isCloseTo(0.4, within(5e-4));
        assertThat(budget.kl()).isCloseTo(cost(BEST), within(0.002 * cost(BEST)));
        assertThat(budget.perplexityRatio()).isCloseTo(Math.exp(budget.kl()), within(1e-12));
        assertThat(budget.uniformKl()).isCloseTo(cost(everywhere(0.4)), within(1e-9)).isGreaterThan(budget.kl());
        assertThat(budget.target()).isEqualTo("skip=40%");
        assertThat(host.notices).containsExactly("budget: " + budget.inWords());
        assertThat(measured).allSatisfy(shares -> {
            for (double share : shares) {
                assertThat(400 * share).isCloseTo(Math.rint(400 * share), within(1e-9));
            }
        });
    }

    @Test
    void itBeginsAlikeEverywhereAndVariesEachPlaceAlone() {
        find("skip=40%", meter(1, this::cost));
        assertThat(measured.getFirst()).containsExactly(everywhere(0.4), within(1e-9));
        assertThat(words.subList(0, 3))
                .containsExactly("Measuring damage", "Measuring damage, round 1 of 3", "Measuring damage");
        assertThat(words).contains("Measuring damage, round 3 of 3");
        for (int place = 0; place < 6; place++) {
            for (int side = 0; side < 2; side++) {
                double[] expected = everywhere(0.4);
                expected[place] += side == 0 ? -0.1 : 0.1;
                assertThat(measured.get(1 + 2 * place + side)).containsExactly(expected, within(1e-9));
            }
        }
        // The first step goes no further than 0.15, where the best is 0.2 away.
        assertThat(measured.get(13)[1]).isCloseTo(0.25, within(0.01));
        assertThat(measured.get(13)[4]).isCloseTo(0.55, within(0.01));
        assertThat(measured.get(13)[2]).isBetween(0.42, 0.48);
    }

    /** One half of the text would rather have none of it. */
    @Test
    void aStepThatHelpsOneHalfOnlyIsTriedLessFarAndNotTaken() {
        double[] start = everywhere(0.4);
        Budget budget = find("skip=40%", meter(1, shares -> {
            double distance = 0;
            for (int i = 0; i < 6; i++) {
                distance += Math.abs(shares[i] - start[i]);
            }
            return distance;
        }));
        assertThat(Oracle.doubles(budget.shares())).containsExactly(start, within(1e-6));
        assertThat(budget.kl()).isEqualTo(budget.uniformKl());
        double[] furthest = new double[3];
        for (int round = 0; round < 3; round++) {
            for (int attempt = 0; attempt < 3; attempt++) {
                double[] shares = measured.get(1 + round * 15 + 12 + attempt);
                furthest[attempt] = 0;
                for (int i = 0; i < 6; i++) {
                    furthest[attempt] = Math.max(furthest[attempt], Math.abs(shares[i] - start[i]));
                }
            }
            double far = 0.15 / (1 << 3 * round);
            assertThat(furthest).containsExactly(new double[] {far, far / 2, far / 4}, within(0.006));
        }
        assertThat(measured).hasSize(1 + 3 * 15);
    }

    @Test
    void afterAStepThatSucceedsTheNextMayGoTwiceAsFar() {
        find("skip=40%", meter(1, shares -> Math.abs(shares[1] - 0.4) > 0.05 ? 1 : 0));
        assertThat(measured.get(13)[1]).isCloseTo(0.25, within(0.006));
        assertThat(measured.get(14)[1]).isCloseTo(0.325, within(0.006));
        assertThat(measured.get(15)[1]).isCloseTo(0.3625, within(0.006));
        assertThat(measured.get(28)[1]).isCloseTo(measured.get(15)[1] - 0.075, within(0.006));
    }

    /** More is left out than thresholds were asked for, as it may be once layers before are thinned out. */
    @Test
    void sharesAreCorrectedUntilTheBytesAskedForAreSaved() {
        Budget budget = find("skip=40%", meter(1.25, this::cost));
        assertThat(budget.skipped()).isCloseTo(0.4, within(5e-4));
        assertThat(saved(Oracle.doubles(budget.shares()))).isCloseTo(0.32, within(5e-4));
        assertThat(measured.getFirst()).containsExactly(everywhere(0.4), within(1e-9));
        assertThat(measured.get(1)).containsExactly(everywhere(0.3), within(1e-9));
        assertThat(measured.get(2)).containsExactly(everywhere(0.325), within(1e-9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"kl=0.07", "ppl=7.25%"})
    void aTargetOfDamageIsUsedUpAndBuysMoreThanOneShareForAll(String target) {
        Budget budget = find(target, meter(1, this::cost));
        assertThat(budget.kl()).isBetween(0.068, 0.07);
        assertThat(budget.skipped()).isCloseTo(saved(Oracle.doubles(budget.shares())), within(1e-6));
        // What one share for all costs that saves as much: (s / 0.4)² of what 0.4 costs.
        double uniform = cost(everywhere(0.4)) * Math.pow(budget.skipped() / 0.4, 2);
        assertThat(budget.uniformKl()).isCloseTo(uniform, within(0.01 * uniform)).isGreaterThan(1.08 * budget.kl());
        // Of places that are left alone by the last shift the best is a multiple of the above.
        double best = 0.4 * Math.sqrt(0.07 / cost(BEST));
        assertThat(budget.skipped()).isBetween(0.97 * best, best);
    }

    @ParameterizedTest
    @ValueSource(strings = {"kl=0.02", "ppl=0"})
    void damageThatIsJustAllowedIsAllowed(String target) {
        BudgetSearch.Meter flat = (allocations, what) -> allocations.stream()
                .map(shares -> new Damage(
                        0.02, 3, 3, 0.02, 0.02, Arrays.stream(shares).map(share -> 1 - share).toArray()))
                .toList();
        assertThat(find(target, flat).skipped()).isCloseTo(0.95, within(0.005));
    }

    @Test
    void whatIsNotAskedForIsNeverTouched() {
        Budget budget = find("skip=30%", meter(1, this::cost), ChessSettings.ATTENTION, "false");
        assertThat(measured).allSatisfy(shares -> {
            for (int place : new int[] {1, 2, 4, 5}) {
                assertThat(shares[place]).isZero();
            }
        });
        assertThat(budget.skipped()).isCloseTo(0.3, within(5e-4));
        assertThat(budget.shares()[0]).isCloseTo(0.375f, within(0.005f));
        assertThat(budget.shares()[3]).isCloseTo(0.225f, within(0.005f));
    }

    @Test
    void noShareIsNegativeOrBeyondTheMost() {
        Budget most = find("skip=95%", meter(1, this::cost));
        assertThat(most.skipped()).isCloseTo(0.95, within(0.001));
        find("skip=5%", meter(1, this::cost));
        assertThat(measured).allSatisfy(shares -> {
            for (double share : shares) {
                assertThat(share).isBetween(0.0, 0.95);
            }
        });
        // Already the first text of a search may be damaged too much: nothing is left out.
        BudgetSearch.Meter noisy = (allocations, what) -> allocations.stream()
                .map(shares -> new Damage(0.03 + cost(shares), 3, 3, cost(shares), cost(shares),
                        Arrays.stream(shares).map(share -> 1 - share).toArray()))
                .toList();
        assertThat(find("kl=0.02", noisy).shares()).containsOnly(0);
    }

    @ParameterizedTest
    @CsvSource({
        "ppl=1%, 1.01", "'  ppl=+2.5%', 1.025", "ppl=0.5, 1.5", "ppl=.5, 1.5"
    })
    void aPerplexityMayGrowByAPart(String text, double most) {
        assertThat(((Target.PerplexityRatio) Target.of(text)).most()).isCloseTo(most, within(1e-12));
    }

    @Test
    void targetsOfDivergenceAndOfBytesAreNumbersOrPercent() {
        assertThat(Target.of("kl=0.02")).isEqualTo(new Target.Divergence(0.02));
        assertThat(Target.of("skip=40%")).isEqualTo(new Target.Skipped(0.4));
        assertThat(Target.of("skip=0.95")).isEqualTo(new Target.Skipped(0.95));
    }

    @ParameterizedTest
    @ValueSource(strings = {"skip=96%", "skip=0", "skip=-1", "speed=2", "kl=", "kl=1e-2", "ppl=1%%", ""})
    void otherTargetsAreRefusedWithExamples(String text) {
        assertThatThrownBy(() -> Target.of(text))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("The target '" + text + "'")
                .hasMessageContainingAll("ppl=+1%", "kl=0.02", "skip=40%", "95%");
    }

    @Test
    void aBudgetSaysInWordsWhatItIs() {
        Budget budget = new Budget("skip=40%", "chess+", new float[] {1, 2, 3, 4, 5, 6}, 0.01234, 1.0123, 0.4, 0.02);
        assertThat(budget.inWords()).isEqualTo("skip=40%, found for chess+: 40.0 % of the bytes left out, "
                + "KL 0.0123 nats (0.0200 with one share for all), perplexity +1.23 %");
        assertThat(budget.share(Site.FEED_FORWARD, 1)).isEqualTo(4);
        assertThat(budget.share(Site.OUTPUT, 0)).isEqualTo(3);
    }
}
