package dev.sparsellm.robustness;

/** A fuzzer's bytes as a sequence of choices: whoever changes a byte changes one choice. */
public final class Choices {

    private final byte[] bytes;
    private int at;

    /** All of them. */
    public Choices(byte[] bytes) {
        this.bytes = bytes;
    }

    public boolean more() {
        return at < bytes.length;
    }

    /** A number from 0 to {@code bound} − 1; 0 when there are no more bytes. */
    public int below(int bound) {
        return bound < 2 ? 0 : bound <= 256 ? next() % bound : (next() << 8 | next()) % bound;
    }

    /** Any number. */
    long number() {
        long number = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            number = number << 8 | next();
        }
        return number;
    }

    /** Bytes that were not used. */
    byte[] rest() {
        byte[] rest = java.util.Arrays.copyOfRange(bytes, Math.min(at, bytes.length), bytes.length);
        at = bytes.length;
        return rest;
    }

    private int next() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }
}
