package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import dev.sparsellm.kernels.gguf.GgufWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small vocabularies for tests, and ways to spoil them. Each is written to a real file and read again. */
public final class TestVocabulary {

    public static final String MODEL = "tokenizer.ggml.model";
    public static final String PRE = "tokenizer.ggml.pre";
    public static final String TOKENS = "tokenizer.ggml.tokens";
    public static final String TYPES = "tokenizer.ggml.token_type";
    public static final String SCORES = "tokenizer.ggml.scores";
    public static final String MERGES = "tokenizer.ggml.merges";

    private final Map<String, Object> entries = new LinkedHashMap<>();
    private final List<String> pieces = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();

    private TestVocabulary() {}

    /** All 256 bytes as tokens 0 to 255, then one token for each merge, in the manner of Llama 3. */
    public static TestVocabulary byteLevel(String... merges) {
        TestVocabulary vocabulary = new TestVocabulary();
        vocabulary.set(MODEL, "gpt2").set(PRE, "llama-bpe").set(MERGES, List.of(merges));
        for (int value = 0; value < 256; value++) {
            vocabulary.add(String.valueOf(ByteAlphabet.character(value)), TokenType.NORMAL, 0);
        }
        for (String merge : merges) {
            vocabulary.add(merge.replace(" ", ""), TokenType.NORMAL, 0);
        }
        return vocabulary;
    }

    /**
     * The unknown, begin and end tokens 0 to 2, the bytes as 3 to 258, then the pieces, in the manner of Llama 2: the
     * earlier a piece, the higher its score.
     */
    public static TestVocabulary sentencePiece(String... pieces) {
        TestVocabulary vocabulary = new TestVocabulary();
        vocabulary.set(MODEL, "llama");
        vocabulary.add("<unk>", TokenType.UNKNOWN, 0);
        vocabulary.add("<s>", TokenType.CONTROL, 0);
        vocabulary.add("</s>", TokenType.CONTROL, 0);
        for (int value = 0; value < 256; value++) {
            vocabulary.add(String.format("<0x%02X>", value), TokenType.BYTE, 0);
        }
        for (int i = 0; i < pieces.length; i++) {
            vocabulary.add(pieces[i], TokenType.NORMAL, -i);
        }
        return vocabulary;
    }

    /** Adds a control token. */
    public TestVocabulary control(String name) {
        return add(name, TokenType.CONTROL, 0);
    }

    /** Adds a user-defined token. */
    public TestVocabulary userDefined(String name) {
        return add(name, TokenType.USER_DEFINED, 0);
    }

    TestVocabulary add(String piece, TokenType type, float score) {
        pieces.add(piece);
        types.add(switch (type) {
            case NORMAL -> 1;
            case UNKNOWN -> 2;
            case CONTROL -> 3;
            case USER_DEFINED -> 4;
            case UNUSED -> 5;
            case BYTE -> 6;
        });
        scores.add(score);
        return this;
    }

    /** The token of a piece. */
    public int id(String piece) {
        return pieces.indexOf(piece);
    }

    /** Sets a value of the file, replacing what would be there; null leaves the key out. */
    public TestVocabulary set(String key, Object value) {
        entries.put(key, value);
        return this;
    }

    public Tokenizer tokenizer() {
        return Tokenizer.of(metadata());
    }

    /** What is read from a file with this vocabulary. */
    public GgufMetadata metadata() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put(TOKENS, pieces);
        all.put(TYPES, types.stream().mapToInt(Integer::intValue).toArray());
        if ("llama".equals(entries.get(MODEL))) {
            float[] values = new float[scores.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = scores.get(i);
            }
            all.put(SCORES, values);
        }
        all.putAll(entries);
        GgufWriter writer = new GgufWriter().string("general.architecture", "llama");
        all.forEach((key, value) -> write(writer, key, value));
        try {
            Path file = Files.createTempFile("vocabulary", ".gguf");
            try {
                writer.write(file);
                try (Gguf gguf = Gguf.open(file)) {
                    return gguf.metadata();
                }
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(GgufWriter writer, String key, Object value) {
        switch (value) {
            case null -> { }
            case String string -> writer.string(key, string);
            case Integer number -> writer.uint32(key, number);
            case Long number -> writer.uint32(key, number);
            case Boolean flag -> writer.flag(key, flag);
            case int[] numbers -> writer.int32s(key, numbers);
            case float[] numbers -> writer.float32s(key, numbers);
            case List<?> strings -> writer.strings(key, strings.stream().map(String.class::cast).toList());
            default -> throw new IllegalArgumentException(key + ": " + value);
        }
    }
}
