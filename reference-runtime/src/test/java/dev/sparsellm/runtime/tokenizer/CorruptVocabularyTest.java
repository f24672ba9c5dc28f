package dev.sparsellm.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.kernels.gguf.GgufException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A vocabulary that contradicts itself is an error that names the key, never an index out of bounds. */
class CorruptVocabularyTest {

    private static TestVocabulary bpe() {
        return TestVocabulary.byteLevel("a b");
    }

    private static TestVocabulary spm() {
        return TestVocabulary.sentencePiece("▁", "a");
    }

    private static int[] types(int size, int last) {
        int[] types = new int[size];
        Arrays.fill(types, 1);
        types[size - 1] = last;
        return types;
    }

    static Stream<Arguments> corrupt() {
        return Stream.of(
                Arguments.of("no model", bpe().set(TestVocabulary.MODEL, null), "tokenizer.ggml.model"),
                Arguments.of("unknown model", bpe().set(TestVocabulary.MODEL, "bert"), "'bert'"),
                Arguments.of("model of another type", bpe().set(TestVocabulary.MODEL, 7), "tokenizer.ggml.model"),
                Arguments.of("no tokens", bpe().set(TestVocabulary.TOKENS, null), TestVocabulary.TOKENS),
                Arguments.of("empty tokens", spm().set(TestVocabulary.TOKENS, List.of()), TestVocabulary.TOKENS),
                Arguments.of("tokens that are numbers", bpe().set(TestVocabulary.TOKENS, new int[] {1}),
                        TestVocabulary.TOKENS),
                Arguments.of("a token twice", bpe().add("a", TokenType.NORMAL, 0), "'a' twice"),
                Arguments.of("too few types", bpe().set(TestVocabulary.TYPES, types(256, 1)), TestVocabulary.TYPES),
                Arguments.of("too many types", bpe().set(TestVocabulary.TYPES, types(258, 1)), TestVocabulary.TYPES),
                Arguments.of("an unknown type", bpe().set(TestVocabulary.TYPES, types(257, 99)), "99"),
                Arguments.of("a negative type", bpe().set(TestVocabulary.TYPES, types(257, -1)), "-1"),
                Arguments.of("a byte token that is none", spm().add("<0xGG>", TokenType.BYTE, 0), "<0xGG>"),
                Arguments.of("no merges", bpe().set(TestVocabulary.MERGES, null), TestVocabulary.MERGES),
                Arguments.of("a merge of one piece", bpe().set(TestVocabulary.MERGES, List.of("ab")), "'ab'"),
                Arguments.of("a merge with nothing", bpe().set(TestVocabulary.MERGES, List.of("a ")), "'a '"),
                Arguments.of("an empty merge", bpe().set(TestVocabulary.MERGES, List.of("")), TestVocabulary.MERGES),
                Arguments.of("a merge of no tokens", bpe().set(TestVocabulary.MERGES, List.of("a zz")), "'zz'"),
                Arguments.of("a merge to no token", bpe().set(TestVocabulary.MERGES, List.of("b b")), "'bb'"),
                Arguments.of("no scores", spm().set(TestVocabulary.SCORES, null), TestVocabulary.SCORES),
                Arguments.of("too few scores", spm().set(TestVocabulary.SCORES, new float[3]), TestVocabulary.SCORES),
                Arguments.of("a score that is no number", spm().add("b", TokenType.NORMAL, Float.NaN), "NaN"),
                Arguments.of("a begin token out of range",
                        spm().set("tokenizer.ggml.bos_token_id", 261), "bos_token_id is 261"),
                Arguments.of("an end token out of range",
                        bpe().set("tokenizer.ggml.eos_token_id", 257), "eos_token_id is 257"),
                Arguments.of("an end token that is text",
                        bpe().set("tokenizer.ggml.eos_token_id", "</s>"), "eos_token_id"),
                Arguments.of("a begin token wanted, but none named",
                        bpe().set("tokenizer.ggml.add_bos_token", true), "add_bos_token"),
                Arguments.of("a flag that is none", bpe().set("tokenizer.ggml.add_bos_token", "yes"), "add_bos_token"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("corrupt")
    void is_refused_with_a_message_that_says_what_is_wrong(String name, TestVocabulary vocabulary, String said) {
        assertThatThrownBy(vocabulary::tokenizer).isInstanceOf(GgufException.class).hasMessageContaining(said);
    }

    @Test
    void the_same_vocabularies_unspoilt_are_accepted() {
        assertThat(bpe().tokenizer().vocabularySize()).isEqualTo(257);
        assertThat(spm().tokenizer().vocabularySize()).isEqualTo(261);
    }

    @Test
    void empty_pieces_are_told_apart() {
        TestVocabulary vocabulary = bpe().add("", TokenType.NORMAL, 0);
        assertThat(vocabulary.tokenizer().piece(257)).isEqualTo("[EMPTY_257]");
    }
}
