package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/**
 * Turns text into the token ids of a model and back, as llama.cpp does for the same file. Immutable; safe for any
 * number of threads and sessions. What a session has to remember between tokens is in its own {@link StreamingDecoder}.
 *
 * <p>One thing is stricter here: text never becomes a control, unknown or byte token by being merged, but only where
 * control tokens are asked for by {@link EncodeOptions#parseSpecial}.
 */
public final class Tokenizer {

    private final Vocabulary vocabulary;
    private final SpecialTokens specialTokens;
    private final SpecialTokenSplitter splitter;
    private final TextEncoder encoder;
    private final boolean addBos;
    private final boolean addEos;
    private final boolean addSpacePrefix;
    private final List<String> warnings;

    private Tokenizer(GgufMetadata metadata, Vocabulary vocabulary, SpecialTokens specialTokens, TextEncoder encoder,
            boolean addBosByDefault, boolean addSpacePrefixByDefault, List<String> warnings) {
        this.vocabulary = vocabulary;
        this.specialTokens = specialTokens;
        this.encoder = encoder;
        this.warnings = warnings;
        splitter = new SpecialTokenSplitter(vocabulary);
        addBos = metadata.flag("tokenizer.ggml.add_bos_token").orElse(addBosByDefault && specialTokens.bos() >= 0);
        addEos = metadata.flag("tokenizer.ggml.add_eos_token").orElse(false);
        addSpacePrefix = metadata.flag("tokenizer.ggml.add_space_prefix").orElse(addSpacePrefixByDefault);
        requireIf(addBos, "bos", specialTokens.bos());
        requireIf(addEos, "eos", specialTokens.eos());
    }

    private static void requireIf(boolean added, String name, int id) {
        if (added && id < 0) {
            throw new GgufException("tokenizer.ggml.add_" + name + "_token is set, but tokenizer.ggml." + name
                    + "_token_id names no token; the file is damaged, or was written by a faulty converter");
        }
    }

    /**
     * The tokenizer a file describes.
     *
     * @throws GgufException if the file describes none, one of a kind not supported here, or a corrupt one
     */
    public static Tokenizer of(GgufMetadata metadata) {
        String model = metadata.requireString("tokenizer.ggml.model");
        return switch (model) {
            case "gpt2" -> byteLevel(metadata);
            case "llama" -> sentencePiece(metadata);
            default -> throw new GgufException("tokenizer.ggml.model is '" + model
                    + "', a tokenizer that is not supported here. Supported are: gpt2, llama");
        };
    }

    private static Tokenizer byteLevel(GgufMetadata metadata) {
        String pre = metadata.string("tokenizer.ggml.pre").orElse("");
        PreTokenizer preTokenizer = pre.isEmpty() ? PreTokenizer.DEFAULT : PreTokenizer.named(pre);
        List<String> warnings = pre.isEmpty()
                ? List.of("tokenizer.ggml.pre is missing: texts are cut into words as by default, which may not be how"
                        + " this model was trained. Convert the model again with a current converter")
                : List.of();
        Vocabulary vocabulary = Vocabulary.read(metadata, Vocabulary.Family.BYTE_LEVEL);
        SpecialTokens special = SpecialTokens.read(metadata, vocabulary);
        TextEncoder encoder = new BytePairEncoder(
                vocabulary, MergeTable.read(metadata, vocabulary), preTokenizer, special.unknown());
        return new Tokenizer(metadata, vocabulary, special, encoder, preTokenizer.addBos(), false, warnings);
    }

    private static Tokenizer sentencePiece(GgufMetadata metadata) {
        Vocabulary vocabulary = Vocabulary.read(metadata, Vocabulary.Family.SENTENCE_PIECE);
        SpecialTokens special = SpecialTokens.read(metadata, vocabulary);
        TextEncoder encoder = new SentencePieceEncoder(vocabulary, metadata, special.unknown());
        return new Tokenizer(metadata, vocabulary, special, encoder, true, true, List.of());
    }

    /** How many tokens there are; ids are from 0 to one less. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /** The begin-of-sequence token. */
    public OptionalInt bos() {
        return optional(specialTokens.bos());
    }

    /** The end-of-sequence token. */
    public OptionalInt eos() {
        return optional(specialTokens.eos());
    }

    /** Whether a text for this model begins with {@link #bos()}. */
    public boolean addsBos() {
        return addBos;
    }

    /** Whether generation stops at this token: end of sequence, of turn, of message. */
    public boolean isEndOfGeneration(int id) {
        return specialTokens.endOfGeneration().get(id);
    }

    /** All tokens for which {@link #isEndOfGeneration} holds; the caller's own copy. */
    public BitSet endOfGeneration() {
        return (BitSet) specialTokens.endOfGeneration().clone();
    }

    /** The control token of this name, such as {@code <|eot_id|>}. */
    public OptionalInt control(String name) {
        int id = vocabulary.id(name);
        return optional(id >= 0 && vocabulary.type(id) == TokenType.CONTROL ? id : -1);
    }

    /** Whether a token steers the model and has no text. */
    public boolean isControl(int id) {
        return vocabulary.type(checked(id)) == TokenType.CONTROL;
    }

    /** A token as the file writes it, for listings: control tokens by their names. */
    public String piece(int id) {
        return vocabulary.piece(checked(id));
    }

    /** What a token adds to a text: any bytes, not always whole characters; none for a control token. A copy. */
    public byte[] bytes(int id) {
        return vocabulary.bytes(checked(id)).clone();
    }

    /** What is odd about the file's tokenizer, in sentences for the user; mostly nothing. */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * The tokens of a text.
     *
     * @throws IllegalArgumentException if the vocabulary has no way to write some of the text
     */
    public int[] encode(String text, EncodeOptions options) {
        String wellFormed = wellFormed(text);
        IntList ids = new IntList(wellFormed.length() / 3);
        if (options.addBos() && addBos) {
            ids.add(specialTokens.bos());
        }
        encode(wellFormed, options.parseSpecial(), addSpacePrefix, ids);
        if (options.addBos() && addEos) {
            ids.add(specialTokens.eos());
        }
        return ids.toArray();
    }

    /**
     * The tokens of a text that is nothing but text: names of control tokens in it stay text, and nothing is put before
     * or behind it. As {@code encode(text, EncodeOptions.PLAIN)}.
     */
    public int[] encodeOrdinary(String text) {
        return encode(text, EncodeOptions.PLAIN);
    }

    /**
     * As {@link #encodeOrdinary}, for a text that goes on where another ended: without the blank that SentencePiece
     * puts before the first word of a text.
     */
    public int[] encodeContinuation(String text) {
        IntList ids = new IntList(text.length() / 3);
        encode(wellFormed(text), false, false, ids);
        return ids.toArray();
    }

    private void encode(String text, boolean parseSpecial, boolean spacePrefix, IntList ids) {
        boolean prefix = spacePrefix; // the first text, and each after a special token, begins with a blank
        for (SpecialTokenSplitter.Fragment fragment : splitter.split(text, parseSpecial)) {
            switch (fragment) {
                case SpecialTokenSplitter.Fragment.Text(String part) -> {
                    encoder.encode(prefix ? " " + part : part, ids);
                    prefix = false;
                }
                case SpecialTokenSplitter.Fragment.Token(int id) -> {
                    ids.add(id);
                    prefix = addSpacePrefix;
                }
            }
        }
    }

    /**
     * The text of tokens: what was encoded, whether with a begin-of-sequence token or without. Bytes that are no UTF-8
     * appear as U+FFFD.
     */
    public String decode(int[] ids) {
        ByteArrayOutputStream text = new ByteArrayOutputStream(ids.length * 4);
        boolean start = addSpacePrefix;
        for (int id : ids) {
            byte[] bytes = vocabulary.bytes(checked(id));
            int skip = start && bytes.length > 0 && bytes[0] == ' ' ? 1 : 0; // the blank that encoding put there
            text.write(bytes, skip, bytes.length - skip);
            start &= bytes.length == 0;
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    private int checked(int id) {
        if (id < 0 || id >= vocabulary.size()) {
            throw new IllegalArgumentException("There is no token " + id + ": the vocabulary has the tokens 0 to "
                    + (vocabulary.size() - 1));
        }
        return id;
    }

    /** Halves of surrogate pairs standing alone have no UTF-8; they become U+FFFD, as malformed UTF-8 does. */
    private static String wellFormed(String text) {
        if (StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            return text;
        }
        StringBuilder repaired = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                .forEach(repaired::appendCodePoint);
        return repaired.toString();
    }

    private static OptionalInt optional(int id) {
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }
}
