package dev.sparsellm.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {

    private static final float FORBIDDEN = Float.NEGATIVE_INFINITY;

    private static SamplingOptions options(int topK, double topP, double minP) {
        return new SamplingOptions(1, topK, topP, minP, 1, 0, 42);
    }

    private static int[] kept(SamplingOptions options, float... logits) {
        return Sampler.of(options, logits.length).kept(logits);
    }

    /** What the definitions keep, by sorting everything. */
    private static List<Integer> keptByDefinition(SamplingOptions options, float[] logits) {
        List<Integer> order = new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
        order.sort(Comparator.<Integer>comparingDouble(id -> -(double) logits[id]).thenComparing(id -> id));
        if (options.topK() > 0) {
            order = order.subList(0, Math.min(options.topK(), order.size()));
        }
        if (options.topP() < 1) {
            double largest = logits[order.getFirst()];
            double total = order.stream().mapToDouble(id -> Math.exp(logits[id] - largest)).sum();
            double mass = 0;
            int count = 0;
            while (count < order.size() && mass / total < options.topP()) {
                mass += Math.exp(logits[order.get(count++)] - largest);
            }
            order = order.subList(0, count);
        }
        if (options.minP() > 0) {
            double largest = logits[order.getFirst()];
            order = order.stream().filter(id -> Math.exp(logits[id] - largest) >= options.minP()).toList();
        }
        return order;
    }

    private static float[] distribution(Random random) {
        float[] logits = new float[random.nextInt(1, random.nextBoolean() ? 12 : 600)];
        double spread = Math.exp(random.nextDouble(-2, 3));
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (random.nextGaussian() * spread);
            if (random.nextInt(8) == 0) {
                logits[i] = logits[random.nextInt(i + 1)]; // equal ones
            }
        }
        return logits;
    }

    @Test
    void llama3_java_regression_top_p_keeps_what_sorting_would_keep() {
        Random random = new Random(1);
        for (int round = 0; round < 3000; round++) {
            float[] logits = distribution(random);
            SamplingOptions options = options(0, random.nextDouble(0.01, 1), 0);
            assertThat(kept(options, logits)).containsExactly(toArray(keptByDefinition(options, logits)));
        }
    }

    @Test
    void all_truncations_together_keep_what_sorting_would_keep() {
        Random random = new Random(2);
        for (int round = 0; round < 3000; round++) {
            float[] logits = distribution(random);
            SamplingOptions options = options(random.nextInt(40),
                    random.nextInt(3) == 0 ? 1 : random.nextDouble(0.05, 1),
                    random.nextInt(3) == 0 ? 0 : random.nextDouble(0.5));
            int[] kept = kept(options, logits);
            List<Integer> expected = keptByDefinition(options, logits);
            if (options.topK() == 0 && options.topP() == 1 && options.minP() == 0) {
                assertThat(kept).as("all, in any order").containsExactlyInAnyOrder(toArray(expected));
            } else {
                assertThat(kept).containsExactly(toArray(expected));
            }
        }
    }

    private static int[] toArray(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void llama3_java_regression_top_p_keeps_the_token_that_reaches_the_mass() {
        float log = (float) Math.log(2);
        // probabilities 1/2, 1/4, 1/8, 1/8
        float[] logits = {-2 * log, -3 * log, -log, -3 * log};
        assertThat(kept(options(0, 0.49, 0), logits)).containsExactly(2);
        assertThat(kept(options(0, 0.51, 0), logits)).containsExactly(2, 0);
        assertThat(kept(options(0, 0.74, 0), logits)).containsExactly(2, 0);
        assertThat(kept(options(0, 0.76, 0), logits)).containsExactly(2, 0, 1);
        assertThat(kept(options(0, 0.99, 0), logits)).containsExactly(2, 0, 1, 3);
        assertThat(kept(options(0, 0.5, 0), 1, 1, 1, 1)).as("exactly half").containsExactly(0, 1);
        assertThat(kept(options(0, 1e-9, 0), 1, 1, 1, 1)).as("never none").containsExactly(0);
        assertThat(kept(options(0, 0.5, 0), 3)).as("a vocabulary of one").containsExactly(0);
    }

    @Test
    void probabilities_of_top_p_are_those_among_the_top_k() {
        // 1/2 of all, but 2/3 of the two likeliest
        float log = (float) Math.log(2);
        assertThat(kept(options(2, 0.6, 0), log, 0, 0)).containsExactly(0);
        assertThat(kept(options(0, 0.6, 0), log, 0, 0)).containsExactly(0, 1);
    }

    @Test
    void min_p_is_a_share_of_the_likeliest_and_ignores_the_temperature() {
        float[] logits = {0, (float) Math.log(0.5), (float) Math.log(0.2)};
        assertThat(kept(options(0, 1, 0.4), logits)).containsExactly(0, 1);
        assertThat(kept(options(0, 1, 0.1), logits)).containsExactly(0, 1, 2);
        assertThat(kept(options(0, 1, 1), logits)).containsExactly(0);
        assertThat(kept(new SamplingOptions(100, 0, 1, 0.4, 1, 0, 1), logits)).containsExactly(0, 1);
    }

    @Test
    void greedy_takes_the_largest_and_of_equal_ones_the_lowest_id() {
        Sampler greedy = Sampler.of(SamplingOptions.greedy(), 4);
        assertThat(greedy.sample(new float[] {1, 3, 3, 2})).isEqualTo(1);
        assertThat(greedy.sample(new float[] {-0f, 0f, -1, FORBIDDEN})).isEqualTo(0);
        assertThat(greedy.sample(new float[] {FORBIDDEN, FORBIDDEN, FORBIDDEN, -1e38f})).isEqualTo(3);
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            float[] logits = distribution(random);
            int expected = IntStream.range(0, logits.length).boxed()
                    .max(Comparator.<Integer>comparingDouble(i -> logits[i]).thenComparing(i -> -i)).orElseThrow();
            assertThat(Sampler.of(SamplingOptions.greedy(), logits.length).sample(logits)).isEqualTo(expected);
        }
    }

    @Test
    void draws_as_often_as_the_probabilities_say() {
        double[] probability = {0.5, 0.3, 0.15, 0.05, 0};
        float[] logits = new float[5];
        for (int i = 0; i < 5; i++) {
            logits[i] = (float) Math.log(probability[i]);
        }
        double[] cold = {0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365, 0}; // squared: temperature 1/2
        double[] top2 = {0.625, 0.375, 0, 0, 0};
        assertFrequencies(new SamplingOptions(1, 0, 1, 0, 1, 0, 3), logits, probability);
        assertFrequencies(new SamplingOptions(0.5, 0, 1, 0, 1, 0, 4), logits, cold);
        assertFrequencies(new SamplingOptions(1, 2, 1, 0, 1, 0, 5), logits, top2);
    }

    private static void assertFrequencies(SamplingOptions options, float[] logits, double[] probability) {
        Sampler sampler = Sampler.of(options, logits.length);
        int draws = 40_000;
        int[] counts = new int[logits.length];
        for (int i = 0; i < draws; i++) {
            counts[sampler.sample(logits)]++;
        }
        for (int id = 0; id < counts.length; id++) {
            double deviation = Math.sqrt(probability[id] * (1 - probability[id]) / draws);
            assertThat(counts[id] / (double) draws)
                    .isBetween(probability[id] - 5 * deviation, probability[id] + 5 * deviation);
        }
    }

    @Test
    void the_same_seed_gives_the_same_tokens_and_another_seed_others() {
        float[] logits = new float[1000];
        assertThat(draws(7, logits)).isEqualTo(draws(7, logits)).isNotEqualTo(draws(8, logits));
        Sampler sampler = Sampler.of(new SamplingOptions(1, 0, 1, 0, 1, 0, 7), 1000);
        int first = sampler.sample(logits);
        sampler.sample(logits);
        sampler.reset();
        assertThat(sampler.sample(logits)).as("after a reset").isEqualTo(first);
    }

    private static List<Integer> draws(long seed, float[] logits) {
        Sampler sampler = Sampler.of(new SamplingOptions(1, 0, 1, 0, 1, 0, seed), logits.length);
        return IntStream.range(0, 50).mapToObj(i -> sampler.sample(logits)).toList();
    }

    @Test
    void the_penalty_divides_positive_and_multiplies_negative_logits_of_recent_tokens() {
        SamplingOptions options = new SamplingOptions(0, 0, 1, 0, 2, 2, 0);
        Sampler sampler = Sampler.of(options, 3);
        assertThat(sampler.sample(new float[] {3, 2, 1})).isEqualTo(0);
        sampler.accept(0);
        assertThat(sampler.sample(new float[] {3, 2, 1})).as("1.5 against 2").isEqualTo(1);
        assertThat(sampler.sample(new float[] {-1, -1.5f, -9})).as("-2 against -1.5").isEqualTo(1);
        assertThat(sampler.sample(new float[] {5, 2, 1})).as("2.5 against 2").isEqualTo(0);
        sampler.accept(0);
        assertThat(sampler.sample(new float[] {5, 2, 1})).as("twice is not worse than once").isEqualTo(0);
        sampler.accept(1);
        sampler.accept(2);
        assertThat(sampler.sample(new float[] {1.2f, 2, 1})).as("0 has left the window: 1.2 against 1").isEqualTo(0);
        sampler.reset();
        assertThat(sampler.sample(new float[] {1, 1.2f, 1})).as("nothing is remembered").isEqualTo(1);
    }

    @Test
    void the_penalty_comes_before_the_truncations() {
        Sampler sampler = Sampler.of(new SamplingOptions(1, 1, 1, 0, 2, SamplingOptions.WHOLE_SESSION, 0), 2);
        sampler.accept(0);
        IntStream.range(0, 1000).forEach(i -> sampler.accept(0));
        assertThat(sampler.kept(new float[] {3, 2})).containsExactly(1);
    }

    @Test
    void logits_are_not_modified() {
        float[] logits = {3, 1, 2};
        Sampler sampler = Sampler.of(new SamplingOptions(0.7, 2, 0.9, 0.1, 1.5, 8, 1), 3);
        sampler.accept(0);
        sampler.sample(logits);
        assertThat(logits).containsExactly(3, 1, 2);
    }

    @Test
    void forbidden_tokens_are_never_drawn() {
        Sampler sampler = Sampler.of(new SamplingOptions(1000, 0, 1, 0, 1, 0, 1), 3);
        for (int i = 0; i < 500; i++) {
            assertThat(sampler.sample(new float[] {FORBIDDEN, 0, FORBIDDEN})).isEqualTo(1);
        }
    }

    @Test
    void logits_that_are_no_numbers_are_an_error_that_names_the_token() {
        for (SamplingOptions options : List.of(SamplingOptions.greedy(), SamplingOptions.defaults(1))) {
            Sampler sampler = Sampler.of(options, 3);
            assertThatThrownBy(() -> sampler.sample(new float[] {1, Float.NaN, 2}))
                    .isInstanceOf(SamplingException.class).hasMessageContainingAll("token 1", "NaN");
            assertThatThrownBy(() -> sampler.sample(new float[] {1, 2, Float.POSITIVE_INFINITY}))
                    .isInstanceOf(SamplingException.class).hasMessageContainingAll("token 2", "Infinity");
            assertThatThrownBy(() -> sampler.sample(new float[] {FORBIDDEN, FORBIDDEN, FORBIDDEN}))
                    .isInstanceOf(SamplingException.class);
            assertThatThrownBy(() -> sampler.sample(new float[2])).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> sampler.accept(3)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void options_out_of_range_are_errors_that_name_option_value_and_range() {
        assertRefused("temperature", () -> new SamplingOptions(-0.1, 0, 1, 0, 1, 0, 0));
        assertRefused("temperature", () -> new SamplingOptions(Double.NaN, 0, 1, 0, 1, 0, 0));
        assertRefused("temperature", () -> new SamplingOptions(Double.POSITIVE_INFINITY, 0, 1, 0, 1, 0, 0));
        assertRefused("top-k", () -> new SamplingOptions(1, -1, 1, 0, 1, 0, 0));
        assertRefused("top-p", () -> new SamplingOptions(1, 0, 0, 0, 1, 0, 0));
        assertRefused("top-p", () -> new SamplingOptions(1, 0, 1.1, 0, 1, 0, 0));
        assertRefused("min-p", () -> new SamplingOptions(1, 0, 1, -0.1, 1, 0, 0));
        assertRefused("min-p", () -> new SamplingOptions(1, 0, 1, 1.1, 1, 0, 0));
        assertRefused("repetition penalty", () -> new SamplingOptions(1, 0, 1, 0, 0, 0, 0));
        assertRefused("repetition window", () -> new SamplingOptions(1, 0, 1, 0, 1, -2, 0));
        assertRefused("nothing to choose", () -> Sampler.of(SamplingOptions.greedy(), 0));
        assertThat(SamplingOptions.defaults(9)).isEqualTo(new SamplingOptions(0.8, 40, 0.95, 0.05, 1, 64, 9));
    }

    private static void assertRefused(String named, Runnable options) {
        assertThatThrownBy(options::run).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(named);
    }
}
