package dev.sparsellm.robustness;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * GGUF files that look right and are wrong: a small sound file in parts, spoilt by edits that a fuzzer chooses, and put
 * together again with what depends on the parts (counts, offsets, padding) computed, unless an edit says otherwise.
 * Bytes flipped at random rarely get past the first length that is wrong; these reach what comes after.
 */
public final class PlausibleGguf {

    static final int UINT8 = 0;
    static final int UINT32 = 4;
    static final int INT32 = 5;
    static final int FLOAT32 = 6;
    static final int BOOL = 7;
    static final int STRING = 8;
    static final int ARRAY = 9;
    static final int UINT64 = 10;

    /** Where programs that read files went wrong. */
    private static final long[] TELLING = {
        0, 1, 2, 3, 4, 7, 8, 9, 31, 32, 33, 64, 127, 128, 255, 256, 1000, 4096, 65535, 65536, 1 << 20, 1 << 24, 1 << 30,
        Integer.MAX_VALUE - 1L, Integer.MAX_VALUE, 1L << 31, 0xFFFF_FFFFL, 1L << 32, 1L << 40, 1L << 60,
        Long.MAX_VALUE - 31, Long.MAX_VALUE, Long.MIN_VALUE, -1, -2, -32
    };

    /** Names a reader asks for, so that edits find other wrong places for values than their own. */
    private static final String[] KEYS = {
        "general.architecture", "general.name", "general.alignment", "general.type", "split.no", "split.count",
        "split.tensors.count", "llama.block_count", "llama.embedding_length", "llama.feed_forward_length",
        "llama.context_length", "llama.attention.head_count", "llama.attention.head_count_kv",
        "llama.attention.key_length", "llama.attention.value_length", "llama.attention.layer_norm_rms_epsilon",
        "llama.attention.sliding_window", "llama.rope.dimension_count", "llama.rope.freq_base",
        "llama.rope.scaling.type", "llama.rope.scaling.factor", "llama.rope.scale_linear", "llama.expert_count",
        "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
        "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.bos_token_id",
        "tokenizer.ggml.eos_token_id", "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.eot_token_id",
        "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token", "tokenizer.ggml.add_space_prefix",
        "tokenizer.chat_template"
    };

    private static final String[] TENSORS = {
        "token_embd.weight", "output.weight", "output_norm.weight", "rope_freqs.weight", "blk.0.attn_norm.weight",
        "blk.0.ffn_norm.weight", "blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight",
        "blk.0.attn_output.weight", "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight",
        "blk.1.attn_q.weight", "blk.0.attn_q.bias", ""
    };

    private static final String[] TEXTS = {
        "llama", "gpt2", "", "none", "linear", "llama3", "llama-bpe", "gpt-2", "two\nlines", "\u0000", "\uFFFF",
        "<|im_start|>", "[INST] <<SYS>>", "<|start_header_id|><|end_header_id|>", "%s%d{0}",
        "\u2581", " ", "a b", "<0x41>"
    };

    private static final class KeyValue {
        private String key;
        private int type;
        private byte[] value;

        KeyValue(String key, int type, byte[] value) {
            this.key = key;
            this.type = type;
            this.value = value;
        }
    }

    private static final class TensorInfo {
        private String name;
        private long[] dimensions;
        private int type;
        private int declaredDimensions;
        private long shift; // added to the offset it should have
        private byte[] data;

        TensorInfo(String name, int type, byte[] data, long... dimensions) {
            this.name = name;
            this.type = type;
            this.data = data;
            this.dimensions = dimensions;
            declaredDimensions = dimensions.length;
        }
    }

    private final String[] keys;
    private final String[] tensorNames;
    private final List<KeyValue> keyValues = new ArrayList<>();
    private final List<TensorInfo> tensors = new ArrayList<>();
    private int version = 3;
    private long extraKeys; // beyond those there are
    private long extraTensors;
    private int alignment = 32;
    private String checksum = "";

    /** Edits know the names of model files. */
    PlausibleGguf() {
        this(KEYS, TENSORS);
    }

    /** Edits know these names. */
    PlausibleGguf(String[] keys, String[] tensorNames) {
        this.keys = keys;
        this.tensorNames = tensorNames;
    }

    PlausibleGguf text(String key, String value) {
        return add(key, STRING, sized(value));
    }

    PlausibleGguf number(String key, int type, long value) {
        return add(key, type, Arrays.copyOf(little(value), bytesOf(type)));
    }

    PlausibleGguf real(String key, float value) {
        return number(key, FLOAT32, Float.floatToRawIntBits(value));
    }

    PlausibleGguf texts(String key, List<String> values) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(Arrays.copyOf(little(STRING), 4));
        all.writeBytes(little(values.size()));
        values.forEach(value -> all.writeBytes(sized(value)));
        return add(key, ARRAY, all.toByteArray());
    }

    PlausibleGguf numbers(String key, int type, long... values) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(Arrays.copyOf(little(type), 4));
        all.writeBytes(little(values.length));
        for (long value : values) {
            all.writeBytes(Arrays.copyOf(little(value), bytesOf(type)));
        }
        return add(key, ARRAY, all.toByteArray());
    }

    PlausibleGguf tensor(String name, int type, byte[] data, long... dimensions) {
        tensors.add(new TensorInfo(name, type, data, dimensions));
        return this;
    }

    /** A CRC-32C of all tensors' bytes, which is right whatever edits do to them. */
    PlausibleGguf checksum(String key) {
        checksum = key;
        return number(key, UINT32, 0);
    }

    private PlausibleGguf add(String key, int type, byte[] value) {
        keyValues.add(new KeyValue(key, type, value));
        return this;
    }

    /** Does as many edits as {@code choices} has. */
    PlausibleGguf spoil(Choices choices) {
        while (choices.more()) {
            edit(choices);
        }
        return this;
    }

    private void edit(Choices choices) {
        KeyValue pair = keyValues.isEmpty() ? null : keyValues.get(choices.below(keyValues.size()));
        TensorInfo tensor = tensors.isEmpty() ? null : tensors.get(choices.below(tensors.size()));
        int kind = choices.below(24);
        if (pair == null && kind < 10 || tensor == null && kind >= 10 && kind < 18) {
            return;
        }
        switch (kind) {
            case 0 -> pair.type = choices.below(14);
            case 1 -> pair.value = Arrays.copyOf(little(telling(choices)), bytesOf(pair.type));
            case 2 -> patch(pair.value, 4, little(telling(choices))); // an array's count
            case 3 -> patch(pair.value, 0, Arrays.copyOf(little(choices.below(14)), 4)); // and its elements' type
            case 4 -> patch(pair.value, 0, little(telling(choices))); // a text's length
            case 5 -> pair.key = keys[choices.below(keys.length)];
            case 6 -> keyValues.remove(pair);
            case 7 -> add(pair.key, pair.type, pair.value.clone());
            case 8 -> {
                int at = choices.below(Math.max(1, pair.value.length));
                patch(pair.value, at, new byte[] {(byte) choices.below(256)});
            }
            case 9 -> pair.value = Arrays.copyOf(pair.value, choices.below(pair.value.length + 9));
            case 10 -> tensor.name = tensorNames[choices.below(tensorNames.length)];
            case 11 -> tensor.type = choices.below(41);
            case 12 -> tensor.dimensions[choices.below(tensor.dimensions.length)] = telling(choices);
            case 13 -> tensor.declaredDimensions = (int) telling(choices);
            case 14 -> tensor.dimensions = Arrays.copyOf(tensor.dimensions, 1 + choices.below(5));
            case 15 -> tensor.shift = telling(choices);
            case 16 -> tensors.remove(tensor);
            case 17 -> patch(tensor.data, choices.below(Math.max(1, tensor.data.length)), little(telling(choices)));
            case 18 -> text(keys[choices.below(keys.length)], TEXTS[choices.below(TEXTS.length)]);
            case 19 -> number(keys[choices.below(keys.length)], choices.below(8), telling(choices));
            case 20 -> extraKeys = telling(choices);
            case 21 -> extraTensors = telling(choices);
            case 22 -> version = (int) telling(choices);
            case 23 -> alignment = 1 << choices.below(16);
            default -> throw new AssertionError(kind);
        }
    }

    private static long telling(Choices choices) {
        int which = choices.below(TELLING.length + 2);
        return which < TELLING.length ? TELLING[which]
                : which == TELLING.length ? choices.below(256) : choices.number();
    }

    private static void patch(byte[] bytes, int at, byte[] by) {
        for (int i = 0; i < by.length && at + i < bytes.length; i++) {
            bytes[at + i] = by[i];
        }
    }

    /** The file. */
    public byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(Arrays.copyOf(little(version), 4));
        out.writeBytes(little(tensors.size() + extraTensors));
        out.writeBytes(little(keyValues.size() + extraKeys));
        CRC32C crc = new CRC32C();
        tensors.forEach(tensor -> crc.update(tensor.data));
        for (KeyValue pair : keyValues) {
            if (pair.key.equals(checksum) && pair.type == UINT32) {
                pair.value = Arrays.copyOf(little(crc.getValue()), 4);
            }
            out.writeBytes(sized(pair.key));
            out.writeBytes(Arrays.copyOf(little(pair.type), 4));
            out.writeBytes(pair.value);
        }
        long offset = 0;
        for (TensorInfo tensor : tensors) {
            out.writeBytes(sized(tensor.name));
            out.writeBytes(Arrays.copyOf(little(tensor.declaredDimensions), 4));
            for (long dimension : tensor.dimensions) {
                out.writeBytes(little(dimension));
            }
            out.writeBytes(Arrays.copyOf(little(tensor.type), 4));
            out.writeBytes(little(offset + tensor.shift));
            offset += padded(tensor.data.length);
        }
        out.writeBytes(new byte[padded(out.size()) - out.size()]);
        for (TensorInfo tensor : tensors) {
            out.writeBytes(tensor.data);
            out.writeBytes(new byte[padded(tensor.data.length) - tensor.data.length]);
        }
        return out.toByteArray();
    }

    private int padded(int bytes) {
        return (bytes + alignment - 1) & -alignment;
    }

    private static byte[] sized(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + utf8.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(utf8.length)
                .put(utf8)
                .array();
    }

    private static byte[] little(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    private static int bytesOf(int type) {
        return switch (type) {
            case 0, 1, BOOL -> 1;
            case 2, 3 -> 2;
            case UINT32, INT32, FLOAT32 -> 4;
            default -> 8;
        };
    }
}
