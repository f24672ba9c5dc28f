package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tokens of a model: what each is called, what it is for, what it adds to a text. Immutable. */
final class Vocabulary {

    /** How the pieces are written in the file. */
    enum Family {
        /** Byte-level BPE: a character of {@link ByteAlphabet} for each byte. */
        BYTE_LEVEL,
        /** SentencePiece: text with U+2581 for a space, and {@code <0xNN>} for a single byte. */
        SENTENCE_PIECE
    }

    static final char SPACE_MARK = '\u2581';

    private static final byte[] NOTHING = {};

    /** Four times those of the largest. A token takes some 200 bytes here, and may take eight in the file. */
    private static final int MAX_TOKENS = 1 << 20;

    /**
     * Names of control tokens that some files declare as text. They are taken as control tokens all the same: text
     * that a user typed must never become one, and they must not show up in what a model says.
     */
    private static final List<String> ALWAYS_CONTROL = List.of(
            "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>",
            "<｜end▁of▁sentence｜>", "<|im_start|>", "<|start_header_id|>", "<|end_header_id|>", "<|begin_of_text|>",
            "<|end_of_text|>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]");

    private final Family family;
    private final String[] pieces;          // [id]
    private final TokenType[] types;        // [id]
    private final byte[][] bytes;           // [id]
    private final Map<String, Integer> ids; // piece -> id

    private Vocabulary(Family family, String[] pieces, TokenType[] types, Map<String, Integer> ids) {
        this.family = family;
        this.pieces = pieces;
        this.types = types;
        this.ids = ids;
        bytes = new byte[pieces.length][];
        for (int id = 0; id < pieces.length; id++) {
            bytes[id] = bytesOf(id);
        }
    }

    /** @throws GgufException if the file has no vocabulary, or one that contradicts itself */
    static Vocabulary read(GgufMetadata metadata, Family family) {
        List<String> tokens = metadata.strings("tokenizer.ggml.tokens")
                .orElseThrow(() -> new GgufException("tokenizer.ggml.tokens is missing: the file has no vocabulary."
                        + " Convert the model again, with its tokenizer"));
        if (tokens.size() > MAX_TOKENS) {
            throw new GgufException("tokenizer.ggml.tokens has " + tokens.size()
                    + " tokens, more than any model has; the file is damaged");
        }
        String[] pieces = tokens.toArray(String[]::new);
        if (pieces.length == 0) {
            throw new GgufException("tokenizer.ggml.tokens is empty: the file has no vocabulary");
        }
        Map<String, Integer> ids = HashMap.newHashMap(pieces.length);
        for (int id = 0; id < pieces.length; id++) {
            if (pieces[id].isEmpty()) {
                pieces[id] = "[EMPTY_" + id + "]";
            }
            Integer earlier = ids.put(pieces[id], id);
            if (earlier != null) {
                throw new GgufException("tokenizer.ggml.tokens has '" + pieces[id] + "' twice, as token " + earlier
                        + " and as token " + id + "; the file is damaged");
            }
        }
        TokenType[] types = readTypes(metadata, pieces.length);
        for (String name : ALWAYS_CONTROL) {
            Integer id = ids.get(name);
            if (id != null) {
                types[id] = TokenType.CONTROL;
            }
        }
        return new Vocabulary(family, pieces, types, ids);
    }

    private static TokenType[] readTypes(GgufMetadata metadata, int size) {
        TokenType[] types = new TokenType[size];
        Optional<int[]> numbers = metadata.integers("tokenizer.ggml.token_type");
        numbers.ifPresent(n -> requireSize("tokenizer.ggml.token_type", n.length, size));
        for (int id = 0; id < size; id++) {
            types[id] = numbers.isPresent() ? TokenType.of(numbers.get()[id], id) : TokenType.NORMAL;
        }
        return types;
    }

    /** @throws GgufException if a list that goes with the vocabulary is of another length */
    static void requireSize(String key, int found, int size) {
        if (found != size) {
            throw new GgufException(key + " has " + found + " values for " + size
                    + " tokens; the file is damaged, or was written by a faulty converter");
        }
    }

    Family family() {
        return family;
    }

    int size() {
        return pieces.length;
    }

    String piece(int id) {
        return pieces[id];
    }

    TokenType type(int id) {
        return types[id];
    }

    /** What the token adds to a text: nothing for control tokens. The array is the vocabulary's own. */
    byte[] bytes(int id) {
        return bytes[id];
    }

    /** For {@link PieceTable}. [id] */
    byte[][] bytes() {
        return bytes;
    }

    /** The token of this name, or -1. */
    int id(String piece) {
        Integer id = ids.get(piece);
        return id == null ? -1 : id;
    }

    private byte[] bytesOf(int id) {
        String piece = pieces[id];
        return switch (types[id]) {
            case CONTROL, UNKNOWN, UNUSED -> NOTHING;
            case USER_DEFINED -> piece.getBytes(StandardCharsets.UTF_8);
            case BYTE -> new byte[] {byteOf(piece, id)};
            case NORMAL -> switch (family) {
                case SENTENCE_PIECE -> piece.replace(SPACE_MARK, ' ').getBytes(StandardCharsets.UTF_8);
                case BYTE_LEVEL -> {
                    byte[] plain = ByteAlphabet.bytes(piece);
                    yield plain != null ? plain : piece.getBytes(StandardCharsets.UTF_8);
                }
            };
        };
    }

    private static byte byteOf(String piece, int id) {
        if (piece.matches("<0x[0-9A-Fa-f]{2}>")) {
            return (byte) Integer.parseInt(piece, 3, 5, 16);
        }
        throw new GgufException("tokenizer.ggml.tokens: token " + id + " is of type byte, but is written '" + piece
                + "' instead of <0x00> to <0xFF>; the file is damaged");
    }
}
