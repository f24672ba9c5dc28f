package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsellm.spi.TensorType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChannelLayoutTest {

    private static final long PAGE = 4096;

    @ParameterizedTest
    @CsvSource({
        "Q8_0, 2048", "Q8_0, 4096", "Q4_0, 2048", "Q4_0, 4096", "Q4_K, 4096", "F16, 2048", "F16, 4096", "BF16, 4096",
        "F32, 1024"
    })
    void channelsOfAPowerOfTwoOfOutputsCrossNoPageWithoutNeed(TensorType type, int outputs) {
        ChannelLayout layout = ChannelLayout.of(type, outputs, 4 * type.blockSize());

        for (int channel = 0; channel < layout.columns(); channel++) {
            long begin = channel / layout.channelsPerUnit() * layout.unitBytes()
                    + layout.codesOffset()
                    + channel % layout.channelsPerUnit() * layout.stride();
            long length = layout.paddedRows() / layout.coding().tile() * 64L;
            long pages = (begin + length - 1) / PAGE - begin / PAGE + 1;

            assertThat(pages).as("channel %d", channel).isEqualTo(Math.max(1, length / PAGE));
        }
    }
}
