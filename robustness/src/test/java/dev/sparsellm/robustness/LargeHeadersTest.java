package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.runtime.Model;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Heads of files that are as large as they say, and small for what they would take. The heap here is 256 MiB. */
class LargeHeadersTest {

    private static final int TEXTS = 4_000_000;

    @TempDir
    Path folder;

    /** A list of empty texts, eight bytes each in the file, which is sparse. */
    private Path model(String tokenizer, String list) throws IOException {
        Path file = folder.resolve("model.gguf");
        ByteBuffer head = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
        head.putInt(0x46554747).putInt(3).putLong(0).putLong(list.endsWith("merges") ? 4 : 3);
        text(head, "general.architecture").putInt(8);
        text(head, "llama");
        text(head, "tokenizer.ggml.model").putInt(8);
        text(head, tokenizer);
        if (list.endsWith("merges")) {
            text(head, "tokenizer.ggml.tokens").putInt(9).putInt(8).putLong(1);
            text(head, "a");
        }
        text(head, list).putInt(9).putInt(8).putLong(TEXTS);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.write(head.array(), 0, head.position());
            out.setLength(head.position() + 8L * TEXTS);
        }
        return file;
    }

    private static ByteBuffer text(ByteBuffer out, String text) {
        return out.putLong(text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void millions_of_tokens_are_refused() throws IOException {
        Path file = model("llama", "tokenizer.ggml.tokens");
        assertThatThrownBy(() -> Model.load(file))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("4000000 tokens");
    }

    @Test
    void millions_of_merges_are_refused() throws IOException {
        Path file = model("gpt2", "tokenizer.ggml.merges");
        assertThatThrownBy(() -> Model.load(file))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("4000000 entries");
    }
}
