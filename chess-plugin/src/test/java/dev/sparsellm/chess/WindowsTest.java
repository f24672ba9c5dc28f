package dev.sparsellm.chess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.spi.CalibrationRequest;
import dev.sparsellm.spi.ProviderException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowsTest {

    private static final OptionalInt BEGIN = OptionalInt.of(-1);

    @Test
    void aTextIsCutBehindItsBeginMarkAndWhatFillsNoWindowIsLeftOut() {
        Windows windows = new Windows(request(10, 4, 0, 0), BEGIN, 4);
        assertThat(windows.count()).isEqualTo(2);
        assertThat(windows.chosen()).isFalse();
        assertThat(windows.ids(0)).containsExactly(-1, 0, 1, 2);
        assertThat(windows.ids(1)).containsExactly(-1, 4, 5, 6);
        assertThat(windows.ids(1)).as("again").containsExactly(-1, 4, 5, 6);
        assertThat(new Windows(request(11, 4, 0, 0), BEGIN, 4).count()).isEqualTo(3);
    }

    @Test
    void aModelWithoutABeginMarkReadsTheTextAsItIs() {
        Windows windows = new Windows(request(8, 4, 0, 0), OptionalInt.empty(), 4);
        assertThat(windows.count()).isEqualTo(2);
        assertThat(windows.ids(1)).containsExactly(4, 5, 6, 7);
    }

    /** Fisher and Yates' shuffle with java.util.Random, worked out apart from Java. */
    @ParameterizedTest
    @CsvSource({"0,'0,3,5,8'", "1,'0,2,3,5'", "2,'1,7,8,9'", "77,'0,4,6,7'"})
    void aSeedChoosesTheSameWindowsOnEveryMachine(long seed, String numbers) {
        Windows windows = new Windows(request(10 * 4, 4, 4 * 4 + 3, seed), OptionalInt.empty(), 4);
        assertThat(windows.chosen()).isTrue();
        List<String> chosen = new ArrayList<>();
        for (int i = 0; i < windows.count(); i++) {
            chosen.add(Integer.toString(windows.ids(i)[0] / 4));
        }
        assertThat(String.join(",", chosen)).isEqualTo(numbers);
    }

    @Test
    void thereIsAtLeastOneWindowAndAtMostTheText() {
        assertThat(new Windows(request(40, 4, 3, 0), OptionalInt.empty(), 4).count()).isOne();
        for (int tokens : new int[] {40, 44, 1 << 30}) {
            Windows all = new Windows(request(40, 4, tokens, 5), OptionalInt.empty(), 4);
            assertThat(all.count()).isEqualTo(10);
            assertThat(all.chosen()).isFalse();
            assertThat(all.ids(9)[0]).isEqualTo(36);
        }
    }

    @Test
    void aWindowThatIsTooLargeForTheHostOrTheTextIsRefused() {
        assertThatThrownBy(() -> new Windows(request(40, 5, 0, 0), BEGIN, 4))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("A window of 5 ids is more than the 4");
        assertThatThrownBy(() -> new Windows(request(2, 4, 0, 0), BEGIN, 4))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("The text has 2 tokens, which does not fill one window of 4");
        assertThat(new Windows(request(3, 4, 0, 0), BEGIN, 4).count()).isOne();
    }

    /** As {@code sha256sum} gives it for these sixteen bytes. */
    @Test
    void aTextIsKnownByTheHashOfItsIds() {
        assertThat(Windows.hash(new int[] {1, 256, -2, 1 << 30}))
                .isEqualTo("e8e34eca81f800f6d2adbd1526de6b6abc4b90b7bec52f58095293992ea5ef02");
    }

    private static CalibrationRequest request(int length, int window, long tokens, long seed) {
        return new CalibrationRequest(
                IntStream.range(0, length).toArray(), window, tokens, seed, 0, 1, Path.of("x"), false);
    }
}
