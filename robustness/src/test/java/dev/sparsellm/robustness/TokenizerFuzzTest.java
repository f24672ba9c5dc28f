package dev.sparsellm.robustness;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.runtime.tokenizer.EncodeOptions;
import dev.sparsellm.runtime.tokenizer.StreamingDecoder;
import dev.sparsellm.runtime.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Vocabularies that make sense, held to the algorithms as published, and those that do not; and any text. */
class TokenizerFuzzTest {

    private static final Scratch SCRATCH = new Scratch();

    private static final String[] PRE = {
        "llama-bpe", "gpt-2", "tekken", "default", "starcoder", "qwen2", "dbrx", "falcon", "deepseek-llm",
        "deepseek-coder", "deepseek-v3"
    };

    /** Random pieces over a small alphabet, with merges among them, behind all 256 bytes. */
    @FuzzTest
    void byte_pairs_merge_as_published_and_read_back_as_written(byte[] bytes) {
        Choices choices = new Choices(bytes);
        Set<String> pieces = new LinkedHashSet<>();
        for (int value = 0; value < 256; value++) {
            pieces.add(Character.toString(ofByte(value)));
        }
        List<String[]> merges = new ArrayList<>();
        List<String> known = new ArrayList<>(List.of("a", "b", "c", Character.toString(ofByte(' '))));
        for (int i = choices.below(24); i > 0; i--) {
            String left = known.get(choices.below(known.size()));
            String right = known.get(choices.below(known.size()));
            if (left.length() + right.length() < 64) {
                merges.add(new String[] {left, right});
                pieces.add(left + right);
                known.add(left + right);
            }
        }
        String pre = PRE[choices.below(PRE.length)];
        Tokenizer tokenizer = tokenizer(new PlausibleGguf()
                .text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", pre)
                .texts("tokenizer.ggml.tokens", List.copyOf(pieces))
                .texts("tokenizer.ggml.merges", merges.stream().map(m -> m[0] + " " + m[1]).toList())
                .number("tokenizer.ggml.add_bos_token", PlausibleGguf.BOOL, 0));
        if (pre.equals("gpt-2")) {
            // Letters alone are one word.
            String letters = letters(choices, 40);
            List<String> expected = mergedByRank(letters, merges);
            List<String> found = Arrays.stream(tokenizer.encodeOrdinary(letters)).mapToObj(tokenizer::piece).toList();
            if (!found.equals(expected)) {
                throw new AssertionError(letters + " is " + expected + " and not " + found);
            }
        }
        readsBack(tokenizer, new String(choices.rest(), StandardCharsets.UTF_8));
    }

    /** Random pieces with random scores behind all bytes. */
    @FuzzTest
    void sentence_pieces_merge_as_published_and_read_back_as_written(byte[] bytes) {
        Choices choices = new Choices(bytes);
        List<String> pieces = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        List<Long> types = new ArrayList<>(List.of(2L, 3L, 3L));
        for (int value = 0; value < 256; value++) {
            pieces.add("<0x%02X>".formatted(value));
            types.add(6L);
        }
        List<String> known = new ArrayList<>(List.of("a", "b", "c", "\u2581"));
        pieces.addAll(known);
        Map<String, Float> scores = new HashMap<>();
        for (int i = choices.below(24); i > 0; i--) {
            String piece = known.get(choices.below(known.size())) + known.get(choices.below(known.size()));
            if (piece.length() < 64 && !known.contains(piece)) {
                known.add(piece);
                pieces.add(piece);
            }
        }
        long[] bits = new long[pieces.size()];
        for (String piece : known) {
            scores.put(piece, (float) (choices.below(8) - 4));
            bits[pieces.indexOf(piece)] = Float.floatToRawIntBits(scores.get(piece));
        }
        while (types.size() < pieces.size()) {
            types.add(1L);
        }
        Tokenizer tokenizer = tokenizer(new PlausibleGguf()
                .text("tokenizer.ggml.model", "llama")
                .texts("tokenizer.ggml.tokens", pieces)
                .numbers("tokenizer.ggml.scores", PlausibleGguf.FLOAT32, bits)
                .numbers("tokenizer.ggml.token_type", PlausibleGguf.INT32, types.stream().mapToLong(t -> t).toArray())
                .number("tokenizer.ggml.add_space_prefix", PlausibleGguf.BOOL, choices.below(2)));
        String letters = letters(choices, 40).replace('c', ' ');
        List<String> expected = mergedByScore(letters.replace(' ', '\u2581'), scores);
        List<String> found = Arrays.stream(tokenizer.encodeContinuation(letters)).mapToObj(tokenizer::piece).toList();
        if (!found.equals(expected)) {
            throw new AssertionError(letters + " is " + expected + " and not " + found);
        }
        String text = new String(choices.rest(), StandardCharsets.UTF_8);
        if (text.indexOf('\u2581') < 0) { // which is a blank to such vocabularies
            readsBack(tokenizer, text);
        }
    }

    /** Vocabularies spoilt by edits. */
    @FuzzTest
    void a_plausible_vocabulary_is_used_or_refused(byte[] bytes) {
        Choices choices = new Choices(bytes);
        int text = choices.below(64);
        PlausibleGguf sound = choices.below(2) == 0 ? SmallModel.sentencePiece() : SmallModel.byteLevel();
        byte[] file = sound.spoil(choices).bytes();
        Refusals.acceptsOrSaysWhatIsWrong(() -> {
            Tokenizer tokenizer = tokenizer(file);
            int[] ids = tokenizer.encode("ab c <s>" + Character.toString(text), new EncodeOptions(true, true));
            tokenizer.decode(ids);
        });
    }

    private static Tokenizer tokenizer(PlausibleGguf file) {
        return tokenizer(file.bytes());
    }

    private static Tokenizer tokenizer(byte[] file) {
        try (Gguf gguf = Gguf.open(SCRATCH.write("vocabulary.gguf", file))) {
            return Tokenizer.of(gguf.metadata());
        }
    }

    private static void readsBack(Tokenizer tokenizer, String text) {
        int[] ids = tokenizer.encodeOrdinary(text);
        for (int id : ids) {
            if (tokenizer.isControl(id)) {
                throw new AssertionError("Text became the control token " + tokenizer.piece(id));
            }
        }
        if (!tokenizer.decode(ids).equals(text)) {
            throw new AssertionError("'" + text + "' was read back as '" + tokenizer.decode(ids) + "'");
        }
        StreamingDecoder decoder = new StreamingDecoder();
        StringBuilder streamed = new StringBuilder();
        for (int id : tokenizer.encodeContinuation(text)) {
            streamed.append(decoder.append(tokenizer.bytes(id)));
        }
        if (!streamed.append(decoder.flush()).toString().equals(text)) {
            throw new AssertionError("'" + text + "' was streamed as '" + streamed + "'");
        }
    }

    private static String letters(Choices choices, int most) {
        StringBuilder letters = new StringBuilder();
        for (int i = choices.below(most); i > 0; i--) {
            letters.append((char) ('a' + choices.below(3)));
        }
        return letters.toString();
    }

    /** Sennrich et al. 2016: of all neighbouring pairs the one listed first is merged, the leftmost first. */
    private static List<String> mergedByRank(String word, List<String[]> merges) {
        List<String> symbols = new ArrayList<>(word.chars().mapToObj(c -> Character.toString(c)).toList());
        while (true) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                for (int rank = 0; rank < Math.min(bestRank, merges.size()); rank++) {
                    String[] merge = merges.get(rank);
                    if (merge[0].equals(symbols.get(i)) && merge[1].equals(symbols.get(i + 1))) {
                        best = i;
                        bestRank = rank;
                    }
                }
            }
            if (best < 0) {
                return symbols;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }

    /** Kudo and Richardson 2018, BPE: of all neighbouring pairs that are a piece the one with the highest score. */
    private static List<String> mergedByScore(String text, Map<String, Float> scores) {
        List<String> symbols = new ArrayList<>(text.chars().mapToObj(c -> Character.toString(c)).toList());
        while (true) {
            int best = -1;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                Float score = scores.get(symbols.get(i) + symbols.get(i + 1));
                if (score != null
                        && (best < 0 || score > scores.get(symbols.get(best) + symbols.get(best + 1)))) {
                    best = i;
                }
            }
            if (best < 0) {
                return symbols;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }

    /** GPT-2's bytes_to_unicode: printable bytes stand for themselves, the others for characters from U+0100 on. */
    private static char ofByte(int value) {
        int shifted = 0;
        for (int b = 0; b < value; b++) {
            shifted += isPrintable(b) ? 0 : 1;
        }
        return (char) (isPrintable(value) ? value : 256 + shifted);
    }

    private static boolean isPrintable(int b) {
        return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
    }
}
