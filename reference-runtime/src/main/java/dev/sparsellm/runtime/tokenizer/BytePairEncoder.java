package dev.sparsellm.runtime.tokenizer;

import java.nio.charset.StandardCharsets;

/**
 * Byte-level byte-pair encoding (Radford et al. 2019, section 2.2; merges of Sennrich et al. 2016). A word starts as
 * its bytes; of all neighbouring pairs the one with the lowest rank is merged, the leftmost first, until no pair has a
 * rank.
 *
 * <p>Pairs wait in a priority queue and symbols are a linked list, so that a word of n bytes takes O(n log n): a text
 * without blanks is one word. All working memory belongs to one call.
 */
final class BytePairEncoder implements TextEncoder {

    private final PreTokenizer preTokenizer;
    private final MergeTable merges;
    private final PieceTable pieces;
    private final int[] byteTokens = new int[256]; // [byte] a token or -1
    private final int unknown;

    BytePairEncoder(Vocabulary vocabulary, MergeTable merges, PreTokenizer preTokenizer, int unknown) {
        this.preTokenizer = preTokenizer;
        this.merges = merges;
        this.unknown = unknown;
        pieces = new PieceTable(vocabulary.bytes());
        for (int id = 0; id < vocabulary.size(); id++) {
            // Words are looked up as they are written in the alphabet; user-defined tokens are written plainly, and
            // have been taken out of the text before.
            if (vocabulary.type(id) == TokenType.NORMAL && ByteAlphabet.bytes(vocabulary.piece(id)) != null) {
                pieces.add(id);
            }
        }
        for (int value = 0; value < 256; value++) {
            byteTokens[value] = pieces.find(new byte[] {(byte) value}, 0, 1);
        }
    }

    @Override
    public void encode(String text, IntList out) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        IntList ends = preTokenizer.split(text);
        Symbols symbols = new Symbols();
        int character = 0;
        int from = 0;
        for (int word = 0; word < ends.size(); word++) {
            int to = from;
            for (; character < ends.get(word); character++) {
                to += utf8Length(text.charAt(character));
            }
            int whole = preTokenizer.ignoreMerges() ? pieces.find(utf8, from, to) : -1;
            if (whole >= 0) {
                out.add(whole);
            } else {
                symbols.encode(utf8, from, to, out);
            }
            from = to;
        }
    }

    /** Bytes of a UTF-16 unit in UTF-8; the two halves of a surrogate pair make four together. */
    private static int utf8Length(char c) {
        return c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }

    private int byteToken(byte value) {
        int id = byteTokens[value & 0xFF];
        if (id < 0 && unknown < 0) {
            throw new IllegalArgumentException(String.format("The model's vocabulary has no token for the byte 0x%02X,"
                    + " which the text contains, and none for unknown text", value));
        }
        return id < 0 ? unknown : id;
    }

    /** The word at work, as a linked list of tokens, and the merges that wait. Of one call. */
    private final class Symbols {

        private final LongHeap queue = new LongHeap(64); // rank, then position of the left one
        private int[] token = new int[64];
        private int[] previous = new int[64];
        private int[] next = new int[64];
        private int[] rank = new int[64];                // of the merge with the next symbol; NONE if there is none

        void encode(byte[] utf8, int from, int to, IntList out) {
            int count = to - from;
            reserve(count);
            for (int i = 0; i < count; i++) {
                token[i] = byteToken(utf8[from + i]);
                previous[i] = i - 1;
                next[i] = i + 1 < count ? i + 1 : -1;
            }
            queue.clear();
            for (int i = 0; i < count; i++) {
                consider(i);
            }
            while (!queue.isEmpty()) {
                long first = queue.remove();
                int left = (int) first;
                if (rank[left] == (int) (first >>> 32)) { // else one of the pair has been merged in the meantime
                    merge(left);
                }
            }
            for (int i = 0; i >= 0; i = next[i]) {
                out.add(token[i]);
            }
        }

        private void merge(int left) {
            int right = next[left];
            token[left] = merges.merged(rank[left]);
            next[left] = next[right];
            rank[right] = MergeTable.NONE; // gone
            if (next[right] >= 0) {
                previous[next[right]] = left;
            }
            if (previous[left] >= 0) {
                consider(previous[left]);
            }
            consider(left);
        }

        private void consider(int left) {
            rank[left] = next[left] < 0 ? MergeTable.NONE : merges.rank(token[left], token[next[left]]);
            if (rank[left] != MergeTable.NONE) {
                queue.add((long) rank[left] << 32 | left);
            }
        }

        private void reserve(int count) {
            if (token.length < count) {
                token = new int[count * 2];
                previous = new int[count * 2];
                next = new int[count * 2];
                rank = new int[count * 2];
            }
        }
    }
}
