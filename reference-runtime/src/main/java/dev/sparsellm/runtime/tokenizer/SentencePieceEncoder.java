package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;

/**
 * SentencePiece's BPE (Kudo and Richardson 2018), as Llama 2 and Mistral use it. A text starts as its characters,
 * blanks written as U+2581; of all neighbouring pairs that are a token together the one with the highest score is
 * merged, the leftmost first, until no pair is a token. A character that is no token becomes the tokens of its bytes.
 *
 * <p>Pairs wait in a priority queue and symbols are a linked list: O(n log n) for n characters. Where no piece of the
 * vocabulary goes on across the start of a word, as in every vocabulary seen so far, each word is encoded by itself:
 * the same tokens, and the working memory stays in the cache (0.4 -> 4 MB/s). All working memory belongs to one call.
 */
final class SentencePieceEncoder implements TextEncoder {

    private static final String SCORES = "tokenizer.ggml.scores";

    private final PieceTable pieces;
    private final int[] order;                     // [id] lower for a higher score
    private final int[] byteTokens = new int[256]; // [byte] a token or -1
    private final int unknown;
    private final boolean blanksOnlyLead;

    /** @throws GgufException if the scores are missing or do not fit the vocabulary */
    SentencePieceEncoder(Vocabulary vocabulary, GgufMetadata metadata, int unknown) {
        this.unknown = unknown;
        blanksOnlyLead = blanksOnlyLead(vocabulary);
        float[] scores = metadata.reals(SCORES).orElseThrow(() -> new GgufException(SCORES
                + " is missing, without which a tokenizer of the kind llama cannot work; convert the model again"));
        Vocabulary.requireSize(SCORES, scores.length, vocabulary.size());
        order = new int[vocabulary.size()];
        byte[][] keys = new byte[vocabulary.size()][];
        pieces = new PieceTable(keys);
        for (int id = 0; id < vocabulary.size(); id++) {
            keys[id] = vocabulary.piece(id).getBytes(StandardCharsets.UTF_8);
            order[id] = order(scores[id], id);
            switch (vocabulary.type(id)) {
                case NORMAL, USER_DEFINED -> pieces.add(id);
                case BYTE -> byteTokens[vocabulary.bytes(id)[0] & 0xFF] = id + 1;
                case CONTROL, UNKNOWN, UNUSED -> { } // text must never become one of these
            }
        }
        for (int value = 0; value < 256; value++) {
            // A vocabulary without byte tokens may still have single bytes as pieces.
            int id = byteTokens[value] - 1;
            byteTokens[value] = id >= 0 ? id : pieces.find(new byte[] {(byte) value}, 0, 1);
        }
    }

    /** A float's bits, made to compare as an int does, and turned round. */
    private static int order(float score, int id) {
        if (Float.isNaN(score)) {
            throw new GgufException(SCORES + " has NaN for token " + id + "; the file is damaged");
        }
        int bits = Float.floatToIntBits(score + 0.0f); // -0 is 0
        return ~(bits >= 0 ? bits : bits ^ Integer.MAX_VALUE);
    }

    @Override
    public void encode(String text, IntList out) {
        byte[] utf8 = text.replace(' ', Vocabulary.SPACE_MARK).getBytes(StandardCharsets.UTF_8);
        Symbols symbols = new Symbols(utf8);
        for (int from = 0, to; from < utf8.length; from = to) {
            to = blanksOnlyLead ? endOfWord(utf8, from) : utf8.length;
            symbols.encode(from, to, out);
        }
    }

    /** Where the blanks and the word that begin here end: at the next blank after another character. */
    private static int endOfWord(byte[] utf8, int from) {
        boolean inWord = false;
        int at = from;
        for (; at < utf8.length; at += length(utf8[at])) {
            boolean blank = isBlank(utf8, at);
            if (blank && inWord) {
                break;
            }
            inWord = !blank;
        }
        return at;
    }

    private static boolean isBlank(byte[] utf8, int at) {
        return utf8[at] == (byte) 0xE2 && utf8[at + 1] == (byte) 0x96 && utf8[at + 2] == (byte) 0x81; // U+2581
    }

    /** Whether no piece has a blank after another character, so that nothing is merged across the start of a word. */
    private static boolean blanksOnlyLead(Vocabulary vocabulary) {
        for (int id = 0; id < vocabulary.size(); id++) {
            String piece = vocabulary.piece(id);
            for (int i = 1; i < piece.length(); i++) {
                if (piece.charAt(i) == Vocabulary.SPACE_MARK && piece.charAt(i - 1) != Vocabulary.SPACE_MARK) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Bytes of the character that begins with this one. */
    private static int length(byte first) {
        return first >= 0 ? 1 : Integer.numberOfLeadingZeros(~first << 24);
    }

    private void encodeBytes(byte[] utf8, int from, int to, IntList out) {
        for (int i = from; i < to; i++) {
            int id = byteTokens[utf8[i] & 0xFF];
            if (id < 0 && unknown < 0) {
                throw new IllegalArgumentException(String.format("The model's vocabulary has no token for the byte"
                        + " 0x%02X, which the text contains, and none for unknown text", utf8[i]));
            }
            out.add(id < 0 ? unknown : id);
        }
    }

    /** The stretch at work, as a linked list of stretches of its bytes, and the merges that wait. Of one call. */
    private final class Symbols {

        private final byte[] utf8;
        private final LongHeap queue = new LongHeap(64); // order, then position of the left one
        private int count;
        private int[] start = new int[64];    // [symbol] first byte; [count] where the stretch ends
        private int[] previous = new int[64];
        private int[] next = new int[64];     // count at the end
        private int[] token = new int[64];    // a token, or -1: a character that is none
        private int[] merged = new int[64];   // the token this and the next symbol are together, or -1

        Symbols(byte[] utf8) {
            this.utf8 = utf8;
        }

        void encode(int from, int to, IntList out) {
            reserve(to - from + 1);
            count = 0;
            for (int at = from; at < to; count++) {
                start[count] = at;
                at += length(utf8[at]);
                previous[count] = count - 1;
                next[count] = count + 1;
                token[count] = pieces.find(utf8, start[count], at);
            }
            start[count] = to;
            queue.clear();
            for (int i = 0; i < count; i++) {
                consider(i);
            }
            while (!queue.isEmpty()) {
                long first = queue.remove();
                int left = (int) first;
                if (merged[left] >= 0 && order[merged[left]] == (int) (first >> 32)) { // else it is out of date
                    merge(left);
                }
            }
            for (int i = 0; i < count; i = next[i]) {
                if (token[i] >= 0) {
                    out.add(token[i]);
                } else {
                    encodeBytes(utf8, start[i], start[next[i]], out);
                }
            }
        }

        private void merge(int left) {
            int right = next[left];
            token[left] = merged[left];
            next[left] = next[right];
            previous[next[right]] = left;
            merged[right] = -1; // gone
            if (previous[left] >= 0) {
                consider(previous[left]);
            }
            consider(left);
        }

        private void consider(int left) {
            int right = next[left];
            merged[left] = right == count ? -1 : pieces.find(utf8, start[left], start[next[right]]);
            if (merged[left] >= 0) {
                queue.add((long) order[merged[left]] << 32 | left);
            }
        }

        private void reserve(int size) {
            if (start.length < size) {
                start = new int[size * 2];
                previous = new int[size * 2];
                next = new int[size * 2];
                token = new int[size * 2];
                merged = new int[size * 2];
            }
        }
    }
}
