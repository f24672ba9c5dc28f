package dev.sparsellm.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SentencePieceTokenizerTest {

    private static List<String> pieces(Tokenizer tokenizer, int[] ids) {
        return IntStream.of(ids).mapToObj(tokenizer::piece).toList();
    }

    private static List<String> encode(TestVocabulary vocabulary, String text) {
        Tokenizer tokenizer = vocabulary.tokenizer();
        return pieces(tokenizer, tokenizer.encodeOrdinary(text));
    }

    @Test
    void merges_go_by_score_then_from_left_to_right() {
        TestVocabulary vocabulary = TestVocabulary.sentencePiece("bc", "ab", "▁a", "a", "b", "c", "▁");
        assertThat(encode(vocabulary, "abc")).containsExactly("▁a", "bc");
        assertThat(encode(TestVocabulary.sentencePiece("aa", "▁", "a", "b"), "aaab"))
                .containsExactly("▁", "aa", "a", "b");
        TestVocabulary equal = TestVocabulary.sentencePiece("▁").add("ab", TokenType.NORMAL, -5)
                .add("bc", TokenType.NORMAL, -5)
                .add("a", TokenType.NORMAL, -9).add("b", TokenType.NORMAL, -9).add("c", TokenType.NORMAL, -9);
        assertThat(encode(equal, "abc")).containsExactly("▁", "ab", "c");
    }

    @Test
    void a_text_is_merged_as_the_definition_says() {
        String[] all = {"▁", "a", "b", "aa", "ab", "▁a", "aab", "ba", "aaaa", "▁▁", "▁aa", "bab", "▁▁▁▁", "abab"};
        for (String[] vocabularyPieces : List.of(all, withPieceAcrossWords(all))) {
            TestVocabulary vocabulary = TestVocabulary.sentencePiece(vocabularyPieces);
            Tokenizer tokenizer = vocabulary.tokenizer();
            Map<String, Integer> scores = new HashMap<>();
            for (int i = 0; i < vocabularyPieces.length; i++) {
                scores.put(vocabularyPieces[i], -i);
            }
            Random random = new Random(11);
            for (int round = 0; round < 400; round++) {
                StringBuilder text = new StringBuilder();
                for (int i = random.nextInt(1, 80); i > 0; i--) {
                    text.append("ab ab a ".charAt(random.nextInt(8)));
                }
                List<String> symbols = new ArrayList<>();
                ("▁" + text.toString().replace(' ', '▁')).chars().forEach(c -> symbols.add(String.valueOf((char) c)));
                mergeByDefinition(symbols, scores);
                int[] ids = tokenizer.encodeOrdinary(text.toString());
                assertThat(pieces(tokenizer, ids)).isEqualTo(symbols);
                assertThat(tokenizer.decode(ids)).isEqualTo(text.toString());
            }
        }
    }

    private static String[] withPieceAcrossWords(String[] pieces) {
        List<String> more = new ArrayList<>(List.of(pieces));
        more.add(3, "a▁");
        more.add(5, "b▁a");
        return more.toArray(String[]::new);
    }

    private static void mergeByDefinition(List<String> symbols, Map<String, Integer> scores) {
        while (true) {
            int best = -1;
            int score = Integer.MIN_VALUE;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                Integer s = scores.get(symbols.get(i) + symbols.get(i + 1));
                if (s != null && s > score) {
                    score = s;
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
    void a_character_that_is_no_piece_becomes_its_bytes() {
        assertThat(encode(TestVocabulary.sentencePiece("▁", "a"), "aé🦙"))
                .containsExactly("▁", "a", "<0xC3>", "<0xA9>", "<0xF0>", "<0x9F>", "<0xA6>", "<0x99>");
        Tokenizer tokenizer = TestVocabulary.sentencePiece("▁", "a").tokenizer();
        assertThat(tokenizer.decode(tokenizer.encodeOrdinary("aé🦙\n"))).isEqualTo("aé🦙\n");
    }

    @Test
    void without_bytes_an_unknown_character_is_the_unknown_token() {
        TestVocabulary vocabulary = TestVocabulary.sentencePiece()
                .set(TestVocabulary.TOKENS, List.of("<unk>", "<s>", "</s>", "▁", "a"))
                .set(TestVocabulary.TYPES, new int[] {2, 3, 3, 1, 1})
                .set(TestVocabulary.SCORES, new float[5]);
        assertThat(encode(vocabulary, "aé")).containsExactly("▁", "a", "<unk>", "<unk>");
    }

    @Test
    void the_first_word_begins_with_a_blank_that_decoding_takes_away() {
        Tokenizer tokenizer = TestVocabulary.sentencePiece("▁a", "▁", "a").tokenizer();
        assertThat(pieces(tokenizer, tokenizer.encode("a a", EncodeOptions.PROMPT))).containsExactly("<s>", "▁a", "▁a");
        assertThat(pieces(tokenizer, tokenizer.encodeContinuation("a a"))).containsExactly("a", "▁a");
        for (String text : List.of("a", " a", "  a", "", " ", "\n a ")) {
            assertThat(tokenizer.decode(tokenizer.encode(text, EncodeOptions.PROMPT))).isEqualTo(text);
            assertThat(tokenizer.decode(tokenizer.encodeOrdinary(text))).isEqualTo(text);
        }
        assertThat(tokenizer.encodeOrdinary("")).isEmpty();
    }

    @Test
    void a_file_may_want_no_blank_before_the_first_word() {
        Tokenizer tokenizer = TestVocabulary.sentencePiece("▁a", "▁", "a")
                .set("tokenizer.ggml.add_space_prefix", false).tokenizer();
        assertThat(pieces(tokenizer, tokenizer.encodeOrdinary("a a"))).containsExactly("a", "▁a");
        assertThat(tokenizer.decode(tokenizer.encodeOrdinary(" a"))).isEqualTo(" a");
    }

    @Test
    void after_a_special_token_in_the_text_a_word_begins_with_a_blank_again() {
        Tokenizer tokenizer = TestVocabulary.sentencePiece("▁a", "▁", "a").tokenizer();
        assertThat(pieces(tokenizer, tokenizer.encode("a</s>a", new EncodeOptions(true, true))))
                .containsExactly("<s>", "▁a", "</s>", "▁a");
    }

    @Test
    void user_text_never_becomes_a_control_token() {
        // Every prefix of "</s>" is a piece, so that merging alone would arrive at it.
        Tokenizer tokenizer = TestVocabulary.sentencePiece("▁", "<", "/", "s", ">", "</", "</s", "<u", "<un", "<unk")
                .tokenizer();
        assertThat(pieces(tokenizer, tokenizer.encodeOrdinary("</s>"))).containsExactly("▁", "</s", ">");
        assertThat(tokenizer.encodeOrdinary("<unk>")).doesNotContain(0);
        assertThat(tokenizer.encodeOrdinary("<0x41>")).doesNotContain(3 + 0x41);
        assertThat(tokenizer.encode("</s>", new EncodeOptions(false, true))).containsExactly(2);
    }

    @Test
    void begins_with_the_begin_token_unless_the_file_says_otherwise() {
        TestVocabulary vocabulary = TestVocabulary.sentencePiece("▁", "a");
        assertThat(vocabulary.tokenizer().bos()).hasValue(1);
        assertThat(vocabulary.tokenizer().eos()).hasValue(2);
        assertThat(vocabulary.tokenizer().isEndOfGeneration(2)).isTrue();
        assertThat(vocabulary.tokenizer().encode("", EncodeOptions.PROMPT)).containsExactly(1);
        assertThat(vocabulary.set("tokenizer.ggml.add_bos_token", false).tokenizer().encode("", EncodeOptions.PROMPT))
                .isEmpty();
    }

    @Test
    void a_token_id_of_minus_one_is_none() {
        // as converters write it into files, for example for padding
        Tokenizer tokenizer = TestVocabulary.sentencePiece("▁", "a").set("tokenizer.ggml.eot_token_id", 0xFFFFFFFFL)
                .tokenizer();
        assertThat(tokenizer.endOfGeneration().stream()).containsExactly(2);
    }

    @Test
    void a_token_that_does_not_exist_is_an_error() {
        Tokenizer tokenizer = TestVocabulary.sentencePiece("▁", "a").tokenizer();
        for (int id : new int[] {-1, tokenizer.vocabularySize()}) {
            assertThatThrownBy(() -> tokenizer.decode(new int[] {id})).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> tokenizer.bytes(id)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> tokenizer.piece(id)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> tokenizer.isControl(id)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
