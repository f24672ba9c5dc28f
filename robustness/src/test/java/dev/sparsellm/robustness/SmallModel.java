package dev.sparsellm.robustness;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** The smallest models there are: one layer of 32 channels, in about 8 KB, to be spoilt. */
public final class SmallModel {

    private static final int DIM = 32;
    private static final int Q4_0 = 2;
    private static final int F32 = 0;

    private SmallModel() {}

    /** With a vocabulary in the manner of Llama 2. */
    public static PlausibleGguf sentencePiece() {
        List<String> pieces = List.of(
                "<unk>", "<s>", "</s>", "\u2581", "a", "b", "c", "ab", "\u2581a", "bc", "abc", "<0x41>");
        return model(pieces.size())
                .text("tokenizer.ggml.model", "llama")
                .texts("tokenizer.ggml.tokens", pieces)
                .numbers("tokenizer.ggml.scores", PlausibleGguf.FLOAT32, IntStream.range(0, pieces.size())
                        .mapToLong(i -> Float.floatToRawIntBits(-i))
                        .toArray())
                .numbers("tokenizer.ggml.token_type", PlausibleGguf.INT32, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 4, 6)
                .number("tokenizer.ggml.bos_token_id", PlausibleGguf.UINT32, 1)
                .number("tokenizer.ggml.eos_token_id", PlausibleGguf.UINT32, 2)
                .number("tokenizer.ggml.add_bos_token", PlausibleGguf.BOOL, 1)
                .text("tokenizer.chat_template", "{{ bos_token + '[INST] <<SYS>>' }}");
    }

    /** With a vocabulary in the manner of Llama 3. */
    static PlausibleGguf byteLevel() {
        List<String> pieces = List.of(
                "a", "b", "c", "\u0120", "ab", "\u0120a", "abc", "<|begin_of_text|>", "<|eot_id|>", "x");
        return model(pieces.size())
                .text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "llama-bpe")
                .texts("tokenizer.ggml.tokens", pieces)
                .texts("tokenizer.ggml.merges", List.of("a b", "\u0120 a", "ab c"))
                .numbers("tokenizer.ggml.token_type", PlausibleGguf.INT32, 1, 1, 1, 1, 1, 1, 1, 3, 3, 4)
                .number("tokenizer.ggml.bos_token_id", PlausibleGguf.UINT32, 7)
                .number("tokenizer.ggml.eos_token_id", PlausibleGguf.UINT32, 8)
                .number("tokenizer.ggml.unknown_token_id", PlausibleGguf.UINT32, 9)
                .text("tokenizer.chat_template", "<|start_header_id|>user<|end_header_id|>");
    }

    private static PlausibleGguf model(int vocabulary) {
        PlausibleGguf model = new PlausibleGguf()
                .text("general.architecture", "llama")
                .text("general.name", "small")
                .number("llama.block_count", PlausibleGguf.UINT32, 1)
                .number("llama.embedding_length", PlausibleGguf.UINT32, DIM)
                .number("llama.feed_forward_length", PlausibleGguf.UINT32, DIM)
                .number("llama.context_length", PlausibleGguf.UINT32, 64)
                .number("llama.attention.head_count", PlausibleGguf.UINT32, 4)
                .number("llama.attention.head_count_kv", PlausibleGguf.UINT32, 2)
                .number("llama.rope.dimension_count", PlausibleGguf.UINT32, 8)
                .real("llama.rope.freq_base", 10_000)
                .real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        Random random = new Random(1);
        matrix(model, "token_embd.weight", DIM, vocabulary, random);
        norm(model, "output_norm.weight");
        norm(model, "blk.0.attn_norm.weight");
        norm(model, "blk.0.ffn_norm.weight");
        matrix(model, "blk.0.attn_q.weight", DIM, DIM, random);
        matrix(model, "blk.0.attn_k.weight", DIM, DIM / 2, random);
        matrix(model, "blk.0.attn_v.weight", DIM, DIM / 2, random);
        matrix(model, "blk.0.attn_output.weight", DIM, DIM, random);
        matrix(model, "blk.0.ffn_gate.weight", DIM, DIM, random);
        matrix(model, "blk.0.ffn_up.weight", DIM, DIM, random);
        matrix(model, "blk.0.ffn_down.weight", DIM, DIM, random);
        return model;
    }

    /** Blocks of 32 weights: a scale of 2^-5 in F16, and 16 bytes of codes. */
    private static void matrix(PlausibleGguf model, String name, int columns, int rows, Random random) {
        byte[] data = new byte[columns / 32 * 18 * rows];
        random.nextBytes(data);
        for (int block = 0; block < data.length; block += 18) {
            data[block] = 0;
            data[block + 1] = 0x28;
        }
        model.tensor(name, Q4_0, data, columns, rows);
    }

    private static void norm(PlausibleGguf model, String name) {
        byte[] data = new byte[4 * DIM];
        for (int i = 0; i < DIM; i++) {
            data[4 * i + 2] = (byte) 0x80; // 1.0f
            data[4 * i + 3] = 0x3F;
        }
        model.tensor(name, F32, Arrays.copyOf(data, data.length), DIM);
    }
}
