package dev.sparsellm.runtime.tokenizer;

import java.util.Arrays;

/** Finds the token whose bytes are a stretch of a text, without cutting the stretch out of it. Immutable once built. */
final class PieceTable {

    private static final int NONE = -1;

    private final byte[][] bytes; // [id]
    private final int[] slots;    // open addressing: an id, or NONE
    private int longest;

    /** An empty table over the tokens' bytes; {@link #add} puts those tokens in that may be found. */
    PieceTable(byte[][] bytes) {
        this.bytes = bytes;
        slots = new int[Integer.highestOneBit(Math.max(bytes.length, 8)) * 4];
        Arrays.fill(slots, NONE);
    }

    /** Adds a token. Of several with the same bytes the first added is found. */
    void add(int id) {
        byte[] piece = bytes[id];
        int slot = slotOf(piece, 0, piece.length);
        if (slots[slot] == NONE) {
            slots[slot] = id;
            longest = Math.max(longest, piece.length);
        }
    }

    /** The token whose bytes are those of {@code text} in {@code [from, to)}, or -1. */
    int find(byte[] text, int from, int to) {
        return to - from > longest ? NONE : slots[slotOf(text, from, to)];
    }

    private int slotOf(byte[] text, int from, int to) {
        int mask = slots.length - 1;
        int slot = hash(text, from, to) & mask;
        while (slots[slot] != NONE && !equal(bytes[slots[slot]], text, from, to)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static boolean equal(byte[] piece, byte[] text, int from, int to) {
        return Arrays.equals(piece, 0, piece.length, text, from, to);
    }

    private static int hash(byte[] text, int from, int to) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 0x01000193 ^ text[i];
        }
        hash *= 0x9E3779B1;
        return hash ^ hash >>> 15;
    }
}
