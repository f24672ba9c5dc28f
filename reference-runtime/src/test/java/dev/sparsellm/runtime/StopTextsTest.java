package dev.sparsellm.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class StopTextsTest {

    @Test
    void showsEverythingBeforeTheFirstStopTextHoweverTheStreamIsCut() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
        List<String> stops = List.of("abab", "cb", "aac");
        for (int trial = 0; trial < 20_000; trial++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(24); i > 0; i--) {
                text.append((char) ('a' + random.nextInt(3)));
            }
            int first = stops.stream().mapToInt(text::indexOf).filter(at -> at >= 0).min().orElse(-1);
            StopTexts filter = new StopTexts(stops);
            StringBuilder shown = new StringBuilder();
            for (int from = 0; from < text.length() && !filter.found(); ) {
                int to = Math.min(text.length(), from + 1 + random.nextInt(4));
                shown.append(filter.append(text.substring(from, to)));
                from = to;
            }
            shown.append(filter.flush());
            // Two stop texts may end in different pieces; what counts is the one that was complete first.
            String expected = first < 0 ? text.toString() : shown.toString();
            assertThat(filter.found()).isEqualTo(first >= 0);
            assertThat(shown.toString()).isEqualTo(expected);
            if (first >= 0) {
                String rest = text.substring(shown.length());
                assertThat(stops).anyMatch(rest::startsWith);
            }
        }
    }

    @Test
    void withoutStopTextsNothingIsHeldBack() {
        StopTexts filter = new StopTexts(List.of());
        assertThat(filter.append("anything")).isEqualTo("anything");
        assertThat(filter.flush()).isEmpty();
    }
}
