package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import java.util.BitSet;
import java.util.List;

/**
 * Which tokens begin and end a text.
 *
 * @param bos begin of sequence, or -1
 * @param eos end of sequence, or -1
 * @param unknown stands for what the vocabulary cannot express, or -1
 * @param endOfGeneration all tokens at which generation stops. Not to be changed
 */
record SpecialTokens(int bos, int eos, int unknown, BitSet endOfGeneration) {

    private static final int NONE = -1;
    private static final long NONE_IN_FILE = 0xFFFF_FFFFL; // some converters write -1 into the unsigned field

    /** Keys whose tokens end a generation, as llama.cpp collects them. */
    private static final List<String> END_KEYS = List.of("eot", "eom", "fim_pad", "fim_rep", "fim_sep");

    /**
     * Names of tokens that end a generation even if no key says so: files often name one end token although the model
     * was trained with several. As llama.cpp collects them.
     */
    private static final List<String> END_NAMES = List.of(
            "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>",
            "<｜end▁of▁sentence｜>",
            "<|fim_pad|>", "<fim-pad>", "<PAD>",
            "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>",
            "<|file_sep|>");

    /** @throws GgufException if a key names a token that the vocabulary does not have */
    static SpecialTokens read(GgufMetadata metadata, Vocabulary vocabulary) {
        boolean defaults = vocabulary.family() == Vocabulary.Family.SENTENCE_PIECE && vocabulary.size() > 2;
        int bos = id(metadata, vocabulary, "bos", defaults ? 1 : NONE);
        int eos = id(metadata, vocabulary, "eos", defaults ? 2 : NONE);
        int unknown = id(metadata, vocabulary, "unknown", defaults ? 0 : NONE);

        BitSet end = new BitSet();
        if (eos != NONE) {
            end.set(eos);
        }
        for (String key : END_KEYS) {
            int id = id(metadata, vocabulary, key, NONE);
            if (id != NONE) {
                end.set(id);
            }
        }
        for (String name : END_NAMES) {
            int id = vocabulary.id(name);
            if (id != NONE && vocabulary.type(id) == TokenType.CONTROL) {
                end.set(id);
            }
        }
        return new SpecialTokens(bos, eos, unknown, end);
    }

    private static int id(GgufMetadata metadata, Vocabulary vocabulary, String name, int absent) {
        String key = "tokenizer.ggml." + name + "_token_id";
        Object value = metadata.find(key).orElse(null);
        if (value == null) {
            return absent;
        }
        if (!(value instanceof Long id)) {
            throw new GgufException(key + " is " + value + ", but must be a token id");
        }
        if (id == NONE || id == NONE_IN_FILE) {
            return absent;
        }
        if (id < 0 || id >= vocabulary.size()) {
            throw new GgufException(key + " is " + id + ", but the vocabulary has the tokens 0 to "
                    + (vocabulary.size() - 1) + "; the file is damaged");
        }
        return id.intValue();
    }
}
