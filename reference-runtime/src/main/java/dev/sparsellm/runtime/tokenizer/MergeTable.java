package dev.sparsellm.runtime.tokenizer;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.kernels.gguf.GgufMetadata;
import java.util.Arrays;
import java.util.List;

/**
 * The merges of a byte-level vocabulary: which two neighbouring tokens become one, and which of several possible merges
 * comes first. Pairs are packed into a {@code long} and kept in an open-addressing table, since looking them up is what
 * encoding spends its time on. Immutable.
 */
final class MergeTable {

    static final int NONE = Integer.MAX_VALUE;

    private static final String KEY = "tokenizer.ggml.merges";
    private static final long EMPTY = -1;

    /** More than a vocabulary can have tokens of. */
    private static final int MAX_MERGES = 1 << 21;

    private final long[] pairs; // open addressing: left id in the upper, right id in the lower half, or EMPTY
    private final int[] ranks;  // beside pairs
    private final int[] merged; // [rank] the token a merge makes

    private MergeTable(int count) {
        pairs = new long[Integer.highestOneBit(Math.max(count, 8)) * 4];
        Arrays.fill(pairs, EMPTY);
        ranks = new int[pairs.length];
        merged = new int[count];
    }

    /** @throws GgufException if there are no merges, or one is malformed or speaks of pieces that are no tokens */
    static MergeTable read(GgufMetadata metadata, Vocabulary vocabulary) {
        List<String> merges = metadata.strings(KEY).orElseThrow(() -> new GgufException(KEY
                + " is missing, without which a tokenizer of the kind gpt2 cannot work; convert the model again"));
        if (merges.size() > MAX_MERGES) {
            throw new GgufException(KEY + " has " + merges.size() + " entries, more than any model has; the file"
                    + " is damaged");
        }
        MergeTable table = new MergeTable(merges.size());
        for (int rank = 0; rank < merges.size(); rank++) {
            String merge = merges.get(rank);
            int space = merge.indexOf(' ', 1);
            if (space < 0 || space == merge.length() - 1) {
                throw new GgufException(KEY + " entry " + rank + " is '" + merge
                        + "', but must be two pieces with a space between; the file is damaged");
            }
            int left = token(vocabulary, merge, rank, merge.substring(0, space));
            int right = token(vocabulary, merge, rank, merge.substring(space + 1));
            int both = token(vocabulary, merge, rank, merge.substring(0, space) + merge.substring(space + 1));
            table.merged[rank] = both;
            if (vocabulary.type(both) != TokenType.CONTROL) { // text must never become a control token
                table.put(left, right, rank);
            }
        }
        return table;
    }

    private static int token(Vocabulary vocabulary, String merge, int rank, String piece) {
        int id = vocabulary.id(piece);
        if (id < 0) {
            throw new GgufException(KEY + " entry " + rank + ", '" + merge + "', needs the piece '" + piece
                    + "', which is no token; the file is damaged, or was written by a faulty converter");
        }
        return id;
    }

    /** How early two neighbouring tokens are merged, from 0, or {@link #NONE} if never. */
    int rank(int left, int right) {
        long pair = pair(left, right);
        int slot = slotOf(pair);
        return pairs[slot] == pair ? ranks[slot] : NONE;
    }

    /** The token that the merge of this rank makes. */
    int merged(int rank) {
        return merged[rank];
    }

    private void put(int left, int right, int rank) {
        long pair = pair(left, right);
        int slot = slotOf(pair);
        if (pairs[slot] == EMPTY) { // of a pair listed twice the first counts
            pairs[slot] = pair;
            ranks[slot] = rank;
        }
    }

    private int slotOf(long pair) {
        int mask = pairs.length - 1;
        long hash = pair * 0x9E3779B97F4A7C15L;
        int slot = (int) (hash >>> 40) & mask;
        while (pairs[slot] != EMPTY && pairs[slot] != pair) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }
}
