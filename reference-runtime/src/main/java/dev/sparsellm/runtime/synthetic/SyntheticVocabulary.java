package dev.sparsellm.runtime.synthetic;

import dev.sparsellm.kernels.gguf.GgufWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Vocabularies that can tokenize and decode any text: all 256 bytes, pieces from {@link MadeUpWords}, and the special
 * tokens that models of the kind have where they have them.
 */
final class SyntheticVocabulary {

    // llama.cpp, enum llama_token_type
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    /** Llama 3 has its special tokens at the end of the vocabulary. */
    private static final int LLAMA3_SPECIALS = 256;

    private SyntheticVocabulary() {}

    /** @param size tokens, at least 512 */
    static void write(Shape.VocabularyKind kind, int size, GgufWriter writer) {
        switch (kind) {
            case BYTE_LEVEL -> writeByteLevel(size, writer);
            case SENTENCE_PIECE -> writeSentencePiece(size, writer);
        }
    }

    private static void writeByteLevel(int size, GgufWriter writer) {
        String[] letters = byteLetters();
        List<String> tokens = new ArrayList<>();
        // Llama 3 numbers bytes as GPT-2 does: those that print first.
        for (int b = 0; b < 256; b++) {
            if (printable(b)) {
                tokens.add(letters[b]);
            }
        }
        for (int b = 0; b < 256; b++) {
            if (!printable(b)) {
                tokens.add(letters[b]);
            }
        }
        List<String> merges = new ArrayList<>();
        for (String word : MadeUpWords.list(size - tokens.size() - LLAMA3_SPECIALS)) {
            String piece = word.replace(" ", letters[' ']);
            int last = piece.length() - 1;
            merges.add(piece.substring(0, last) + " " + piece.charAt(last));
            tokens.add(piece);
        }
        int firstSpecial = tokens.size();
        tokens.addAll(llama3Specials());
        int[] types = new int[size];
        Arrays.fill(types, NORMAL);
        Arrays.fill(types, firstSpecial, size, CONTROL);
        writer.string("tokenizer.ggml.model", "gpt2")
                .string("tokenizer.ggml.pre", "llama-bpe")
                .strings("tokenizer.ggml.tokens", tokens)
                .int32s("tokenizer.ggml.token_type", types)
                .strings("tokenizer.ggml.merges", merges)
                .uint32("tokenizer.ggml.bos_token_id", firstSpecial)
                .uint32("tokenizer.ggml.eos_token_id", firstSpecial + 9) // <|eot_id|>
                .flag("tokenizer.ggml.add_bos_token", true);
    }

    /** As in Llama 3.2's vocabulary. */
    private static List<String> llama3Specials() {
        List<String> named = new ArrayList<>(List.of("<|begin_of_text|>", "<|end_of_text|>",
                "<|reserved_special_token_0|>", "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>",
                "<|reserved_special_token_2|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>",
                "<|python_tag|>"));
        for (int i = 3; named.size() < LLAMA3_SPECIALS; i++) {
            named.add("<|reserved_special_token_" + i + "|>");
        }
        return named;
    }

    /** GPT-2's letter for each byte: itself if it prints, otherwise one from U+0100 on. */
    private static String[] byteLetters() {
        String[] letters = new String[256];
        char next = 0x100;
        for (int b = 0; b < 256; b++) {
            letters[b] = String.valueOf(printable(b) ? (char) b : next++);
        }
        return letters;
    }

    private static boolean printable(int b) {
        return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
    }

    private static void writeSentencePiece(int size, GgufWriter writer) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < 256; b++) {
            tokens.add(String.format(Locale.ROOT, "<0x%02X>", b));
        }
        int firstPiece = tokens.size();
        List<String> letters = new ArrayList<>(List.of("▁"));
        for (char c = '!'; c <= '~'; c++) {
            letters.add(String.valueOf(c));
        }
        for (String word : MadeUpWords.list(size - firstPiece - letters.size())) {
            tokens.add(word.replace(' ', '▁'));
        }
        tokens.addAll(letters); // last, as in Llama's: what they make is preferred
        float[] scores = new float[size];
        int[] types = new int[size];
        for (int i = 0; i < size; i++) {
            scores[i] = i < firstPiece ? 0 : firstPiece - i;
            types[i] = i == 0 ? UNKNOWN : i < 3 ? CONTROL : i < firstPiece ? BYTE : NORMAL;
        }
        writer.string("tokenizer.ggml.model", "llama")
                .string("tokenizer.ggml.pre", "default")
                .strings("tokenizer.ggml.tokens", tokens)
                .float32s("tokenizer.ggml.scores", scores)
                .int32s("tokenizer.ggml.token_type", types)
                .uint32("tokenizer.ggml.bos_token_id", 1)
                .uint32("tokenizer.ggml.eos_token_id", 2)
                .uint32("tokenizer.ggml.unknown_token_id", 0)
                .flag("tokenizer.ggml.add_bos_token", true)
                .flag("tokenizer.ggml.add_eos_token", false);
    }
}
