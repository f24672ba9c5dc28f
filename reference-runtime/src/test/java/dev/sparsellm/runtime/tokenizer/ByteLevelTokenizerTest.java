package dev.sparsellm.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.gguf.GgufException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ByteLevelTokenizerTest {

    private static List<String> words(PreTokenizer preTokenizer, String text) {
        IntList ends = preTokenizer.split(text);
        List<String> words = new ArrayList<>();
        for (int i = 0, start = 0; i < ends.size(); start = ends.get(i), i++) {
            words.add(text.substring(start, ends.get(i)));
        }
        return words;
    }

    private static List<String> pieces(Tokenizer tokenizer, int[] ids) {
        return IntStream.of(ids).mapToObj(tokenizer::piece).toList();
    }

    @Test
    void merges_go_by_rank_then_from_left_to_right() {
        Tokenizer tokenizer = TestVocabulary.byteLevel("b c", "a b", "a a", "aa a").tokenizer();
        assertThat(pieces(tokenizer, tokenizer.encodeOrdinary("abc"))).containsExactly("a", "bc");
        assertThat(pieces(tokenizer, tokenizer.encodeOrdinary("aaaaa"))).containsExactly("aa", "aaa");
        assertThat(pieces(tokenizer, tokenizer.encodeOrdinary("aabaa"))).containsExactly("a", "ab", "aa");
    }

    @Test
    void a_long_word_is_merged_as_the_definition_says() {
        Random random = new Random(7);
        for (int vocabulary = 0; vocabulary < 20; vocabulary++) {
            String[] merges = randomMerges(random);
            Tokenizer tokenizer = TestVocabulary.byteLevel(merges).set(TestVocabulary.PRE, "gpt-2").tokenizer();
            for (int round = 0; round < 100; round++) {
                StringBuilder word = new StringBuilder();
                for (int i = random.nextInt(1, 120); i > 0; i--) {
                    word.append((char) ('a' + random.nextInt(3)));
                }
                List<String> symbols = new ArrayList<>();
                word.chars().forEach(c -> symbols.add(String.valueOf((char) c)));
                mergeByDefinition(symbols, List.of(merges));
                assertThat(pieces(tokenizer, tokenizer.encodeOrdinary(word.toString()))).isEqualTo(symbols);
            }
        }
    }

    /** Merges of three letters in any order, so that a pair may lose its partner to a later one before its turn. */
    private static String[] randomMerges(Random random) {
        List<String> pieces = new ArrayList<>(List.of("a", "b", "c"));
        List<String> merges = new ArrayList<>();
        while (merges.size() < 40) {
            String left = pieces.get(random.nextInt(pieces.size()));
            String right = pieces.get(random.nextInt(pieces.size()));
            if ((left + right).length() < 8 && !pieces.contains(left + right)) {
                pieces.add(left + right);
                merges.add(left + " " + right);
            }
        }
        Collections.shuffle(merges, random);
        return merges.toArray(String[]::new);
    }

    private static void mergeByDefinition(List<String> symbols, List<String> merges) {
        while (true) {
            int best = -1;
            int rank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int r = merges.indexOf(symbols.get(i) + " " + symbols.get(i + 1));
                if (r >= 0 && r < rank) {
                    rank = r;
                    best = i;
                }
            }
            if (best < 0) {
                return;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }

    @Test
    void a_word_of_a_million_letters_takes_no_time_to_speak_of() {
        Tokenizer tokenizer = TestVocabulary.byteLevel("a a", "aa aa", "aaaa aaaa").tokenizer();
        int[] ids = tokenizer.encodeOrdinary("a".repeat(1 << 20)); // O(n²) would take minutes
        assertThat(ids).hasSize(1 << 17);
    }

    @Test
    void a_word_that_is_a_token_stays_one_where_the_model_was_trained_so() {
        TestVocabulary vocabulary = TestVocabulary.byteLevel("b c", "a b").add("abc", TokenType.NORMAL, 0);
        assertThat(vocabulary.tokenizer().encodeOrdinary("abc")).containsExactly(vocabulary.id("abc"));
        Tokenizer gpt2 = vocabulary.set(TestVocabulary.PRE, "gpt-2").tokenizer();
        assertThat(pieces(gpt2, gpt2.encodeOrdinary("abc"))).containsExactly("a", "bc");
    }

    @Test
    void llama3_java_regression_blanks_of_unicode_are_blanks() {
        // tiktoken: a no-break space before a word belongs to the word's run of blanks, not to punctuation
        assertThat(words(PreTokenizer.LLAMA3, "a\u00A0\u00A0b")).containsExactly("a", "\u00A0", "\u00A0b");
        assertThat(words(PreTokenizer.LLAMA3, "!\u2003\u2003!")).containsExactly("!", "\u2003", "\u2003", "!");
        assertThat(words(PreTokenizer.LLAMA3, "!\u3000!")).containsExactly("!", "\u3000", "!");
        assertThat(words(PreTokenizer.LLAMA3, "1\u0085\n2")).containsExactly("1", "\u0085\n", "2");
        assertThat(words(PreTokenizer.GPT2, "a\u2028!")).containsExactly("a", "\u2028", "!");
    }

    @Test
    void words_of_llama_3() {
        assertThat(words(PreTokenizer.LLAMA3, "I'VE 12345 (été) x\n\n  y  "))
                .containsExactly("I", "'VE", " ", "123", "45", " (", "été", ")", " x", "\n\n", " ", " y", "  ");
    }

    @Test
    void words_of_other_models() {
        assertThat(words(PreTokenizer.QWEN2, "123 ab")).containsExactly("1", "2", "3", " ab");
        assertThat(words(PreTokenizer.STARCODER, "x12 'RE")).containsExactly("x", "1", "2", " '", "RE");
        assertThat(words(PreTokenizer.TEKKEN, "HelloWorld éCOLE")).containsExactly("Hello", "World", " é", "COLE");
        assertThat(words(PreTokenizer.DEFAULT, "a 1234!?")).containsExactly("a", " ", "123", "4", "!?");
    }

    @Test
    void a_letter_outside_the_basic_plane_is_a_letter() {
        assertThat(words(PreTokenizer.LLAMA3, "x \uD835\uDC00\uD835\uDC01!"))
                .containsExactly("x", " \uD835\uDC00\uD835\uDC01", "!");
    }

    @Test
    void any_text_comes_back_as_it_was() {
        Tokenizer tokenizer = TestVocabulary.byteLevel("Ġ t", "h e", "Ġt he").tokenizer();
        Random random = new Random(3);
        for (int round = 0; round < 500; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(60); i > 0; i--) {
                int[] kinds = {random.nextInt(128), random.nextInt(0x800), random.nextInt(0xD800),
                    0x1F600 + random.nextInt(64), ' '};
                text.appendCodePoint(kinds[random.nextInt(kinds.length)]);
            }
            assertThat(tokenizer.decode(tokenizer.encodeOrdinary(text.toString()))).isEqualTo(text.toString());
        }
    }

    @Test
    void half_a_surrogate_pair_becomes_a_replacement_character() {
        Tokenizer tokenizer = TestVocabulary.byteLevel().tokenizer();
        assertThat(tokenizer.decode(tokenizer.encodeOrdinary("a\uD83Db"))).isEqualTo("a\uFFFDb");
    }

    @Test
    void user_text_never_becomes_a_control_token() {
        TestVocabulary vocabulary = TestVocabulary.byteLevel().control("<|eot_id|>").control("stop");
        Tokenizer tokenizer = vocabulary.tokenizer();
        for (String text : List.of("<|eot_id|>", "stop", "x<|eot_id|>y")) {
            assertThat(tokenizer.encodeOrdinary(text)).hasSize(text.length());
            assertThat(tokenizer.encode(text, new EncodeOptions(true, false))).hasSize(text.length());
        }
        assertThat(tokenizer.encode("a<|eot_id|>stop", new EncodeOptions(false, true)))
                .containsExactly('a', vocabulary.id("<|eot_id|>"), vocabulary.id("stop"));
    }

    @Test
    void a_merge_that_would_make_a_control_token_is_not_made() {
        TestVocabulary vocabulary = TestVocabulary.byteLevel("a b");
        int[] types = IntStream.range(0, 257).map(i -> i == 256 ? 3 : 1).toArray();
        assertThat(vocabulary.set(TestVocabulary.TYPES, types).tokenizer().encodeOrdinary("ab")).hasSize(2);
    }

    @Test
    void user_defined_tokens_are_found_first_and_longer_ones_before_shorter() {
        TestVocabulary vocabulary = TestVocabulary.byteLevel("a b").userDefined("  ").userDefined("    ")
                .userDefined("ab!");
        Tokenizer tokenizer = vocabulary.tokenizer();
        int[] ids = tokenizer.encodeOrdinary("ab!      ab");
        assertThat(pieces(tokenizer, ids)).containsExactly("ab!", "    ", "  ", "ab");
        assertThat(tokenizer.decode(ids)).isEqualTo("ab!      ab");
    }

    @Test
    void llama3_java_regression_special_tokens_are_told_by_the_file_not_by_their_number() {
        TestVocabulary vocabulary = TestVocabulary.byteLevel().control("<|begin_of_text|>").control("<|eot_id|>")
                .set("tokenizer.ggml.bos_token_id", 256);
        Tokenizer tokenizer = vocabulary.tokenizer();
        assertThat(IntStream.range(0, tokenizer.vocabularySize()).filter(tokenizer::isControl))
                .containsExactly(256, 257);
        assertThat(tokenizer.isEndOfGeneration(257)).isTrue();
        assertThat(tokenizer.isEndOfGeneration(256)).isFalse();
        assertThat(tokenizer.control("<|eot_id|>")).hasValue(257);
        assertThat(tokenizer.control("a")).isEmpty();
        assertThat(tokenizer.bytes(257)).isEmpty();
        assertThat(tokenizer.piece(257)).isEqualTo("<|eot_id|>");
        assertThat(tokenizer.decode(new int[] {256, 'h', 'i', 257})).isEqualTo("hi");
    }

    @Test
    void begin_and_end_tokens_are_added_as_the_file_says() {
        TestVocabulary vocabulary = TestVocabulary.byteLevel().control("<|begin|>").control("<|end_of_it|>")
                .set("tokenizer.ggml.bos_token_id", 256).set("tokenizer.ggml.eos_token_id", 257);
        assertThat(vocabulary.tokenizer().encode("a", EncodeOptions.PROMPT)).as("llama-bpe begins by default")
                .containsExactly(256, 'a');
        assertThat(vocabulary.tokenizer().encode("a", EncodeOptions.PLAIN)).containsExactly('a');
        vocabulary.set("tokenizer.ggml.add_eos_token", true);
        assertThat(vocabulary.tokenizer().encode("a", EncodeOptions.PROMPT)).containsExactly(256, 'a', 257);
        assertThat(vocabulary.tokenizer().encode("", EncodeOptions.PROMPT)).containsExactly(256, 257);
        vocabulary.set("tokenizer.ggml.add_bos_token", false);
        assertThat(vocabulary.tokenizer().encode("a", EncodeOptions.PROMPT)).containsExactly('a', 257);
        vocabulary.set("tokenizer.ggml.add_bos_token", null).set(TestVocabulary.PRE, "gpt-2");
        assertThat(vocabulary.tokenizer().encode("a", EncodeOptions.PROMPT)).as("gpt-2 does not begin by default")
                .containsExactly('a', 257);
    }

    @Test
    void an_unknown_pre_tokenizer_is_an_error_that_names_those_there_are() {
        assertThatThrownBy(() -> TestVocabulary.byteLevel().set(TestVocabulary.PRE, "klingon").tokenizer())
                .isInstanceOf(GgufException.class).hasMessageContainingAll("'klingon'", "llama-bpe", "gpt-2", "tekken");
    }

    @Test
    void a_missing_pre_tokenizer_is_a_warning() {
        Tokenizer tokenizer = TestVocabulary.byteLevel().set(TestVocabulary.PRE, null).tokenizer();
        assertThat(tokenizer.warnings()).singleElement().asString().contains("tokenizer.ggml.pre");
        assertThat(TestVocabulary.byteLevel().tokenizer().warnings()).isEmpty();
    }

    @Test
    void a_byte_that_is_no_token_is_the_unknown_token_or_an_error() {
        List<String> ascii = new ArrayList<>();
        for (int value = 0; value < 128; value++) {
            ascii.add(String.valueOf(ByteAlphabet.character(value)));
        }
        TestVocabulary vocabulary = TestVocabulary.byteLevel().set(TestVocabulary.TOKENS, ascii)
                .set(TestVocabulary.TYPES, null);
        assertThat(vocabulary.tokenizer().encodeOrdinary("ab")).containsExactly('a', 'b');
        assertThatThrownBy(() -> vocabulary.tokenizer().encodeOrdinary("é"))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0xC3");
        vocabulary.set("tokenizer.ggml.unknown_token_id", 0);
        assertThat(vocabulary.tokenizer().encodeOrdinary("é")).containsExactly(0, 0);
    }

    @Test
    void every_byte_has_a_character_of_its_own() {
        for (int value = 0; value < 256; value++) {
            assertThat(ByteAlphabet.bytes(String.valueOf(ByteAlphabet.character(value)))).containsExactly((byte) value);
        }
        assertThat(ByteAlphabet.character(' ')).isEqualTo('Ġ');
        assertThat(ByteAlphabet.character('\n')).isEqualTo('Ċ');
        assertThat(ByteAlphabet.character(0xAD)).isEqualTo('Ń');
        assertThat(ByteAlphabet.bytes(" ")).isNull();
        assertThat(ByteAlphabet.bytes("▁")).isNull();
    }
}
