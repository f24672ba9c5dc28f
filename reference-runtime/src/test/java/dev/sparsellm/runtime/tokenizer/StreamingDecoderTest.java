package dev.sparsellm.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {

    private static String stream(byte[] bytes, int... sizes) {
        StreamingDecoder decoder = new StreamingDecoder();
        StringBuilder text = new StringBuilder();
        int from = 0;
        for (int size : sizes) {
            text.append(decoder.append(Arrays.copyOfRange(bytes, from, from + size)));
            from += size;
        }
        return text.append(decoder.flush()).toString();
    }

    @Test
    void llama3_java_regression_a_character_split_over_tokens_streams_whole() {
        byte[] llama = "a🦙b".getBytes(StandardCharsets.UTF_8);
        StreamingDecoder decoder = new StreamingDecoder();
        assertThat(decoder.append(Arrays.copyOfRange(llama, 0, 2))).isEqualTo("a");
        assertThat(decoder.append(Arrays.copyOfRange(llama, 2, 4))).isEmpty();
        assertThat(decoder.append(Arrays.copyOfRange(llama, 4, 6))).isEqualTo("🦙b");
        assertThat(decoder.flush()).isEmpty();
    }

    @Test
    void an_unfinished_character_at_the_end_is_one_replacement_character() {
        StreamingDecoder decoder = new StreamingDecoder();
        assertThat(decoder.append(new byte[] {'x', (byte) 0xE2, (byte) 0x82})).isEqualTo("x");
        assertThat(decoder.flush()).isEqualTo("\uFFFD");
        assertThat(decoder.append(new byte[] {'y'})).as("after a flush a new text begins").isEqualTo("y");
        assertThat(decoder.flush()).isEmpty();
    }

    @Test
    void malformed_bytes_are_replaced_and_do_not_swallow_what_follows() {
        StreamingDecoder decoder = new StreamingDecoder();
        assertThat(decoder.append(new byte[] {(byte) 0xF0, (byte) 0x9F})).isEmpty();
        assertThat(decoder.append(new byte[] {'a', (byte) 0xFF, 'b'})).isEqualTo("\uFFFDa\uFFFDb");
    }

    @Test
    void any_bytes_in_any_portions_give_what_decoding_them_at_once_gives() {
        Random random = new Random(1);
        byte[][] alphabet = {{'a'}, {(byte) 0x80}, {(byte) 0xC3}, {(byte) 0xE2}, {(byte) 0xF0}, {(byte) 0xFF},
            "é".getBytes(StandardCharsets.UTF_8), "€".getBytes(StandardCharsets.UTF_8),
            "🦙".getBytes(StandardCharsets.UTF_8), {(byte) 0xED, (byte) 0xA0, (byte) 0x80}, {(byte) 0xE0, (byte) 0x80}};
        for (int round = 0; round < 2000; round++) {
            java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
            for (int i = random.nextInt(40); i >= 0; i--) {
                out.writeBytes(alphabet[random.nextInt(alphabet.length)]);
            }
            byte[] bytes = out.toByteArray();
            int[] sizes = new int[bytes.length + 1];
            int left = bytes.length;
            int count = 0;
            while (left > 0) {
                int size = Math.min(left, random.nextInt(5));
                if (count == sizes.length - 1) {
                    size = left;
                }
                sizes[count++] = size;
                left -= size;
            }
            assertThat(stream(bytes, Arrays.copyOf(sizes, count)))
                    .isEqualTo(new String(bytes, StandardCharsets.UTF_8));
        }
    }

    @Test
    void a_token_longer_than_the_buffer_comes_through() {
        String text = "é".repeat(5000);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThat(stream(bytes, 1, bytes.length - 2, 1)).isEqualTo(text);
    }

    @Test
    void sessions_do_not_share_unfinished_characters() {
        StreamingDecoder one = new StreamingDecoder();
        StreamingDecoder other = new StreamingDecoder();
        assertThat(one.append(new byte[] {(byte) 0xC3})).isEmpty();
        assertThat(other.append(new byte[] {'x'})).isEqualTo("x");
        assertThat(one.append(new byte[] {(byte) 0xA9})).isEqualTo("é");
    }
}
