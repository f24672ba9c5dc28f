package dev.sparsellm.runtime.tokenizer;

/**
 * The alphabet in which byte-level vocabularies are written: each byte is a printable character. Bytes that are visible
 * Latin-1 characters stand for themselves, the others are the characters from U+0100 on, in order (GPT-2's encoder.py).
 */
final class ByteAlphabet {

    private static final char[] CHARACTERS = characters(); // [byte]
    private static final short[] BYTES = bytes();          // [character], -1 where it is no byte's

    private ByteAlphabet() {}

    /** The character that stands for a byte, 0 to 255. */
    static char character(int value) {
        return CHARACTERS[value];
    }

    /** The bytes a piece is written for, or null if it has a character outside the alphabet. */
    static byte[] bytes(String piece) {
        byte[] bytes = new byte[piece.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = piece.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) {
                return null;
            }
            bytes[i] = (byte) BYTES[c];
        }
        return bytes;
    }

    private static char[] characters() {
        char[] characters = new char[256];
        char spare = 256;
        for (int value = 0; value < 256; value++) {
            boolean visible = value >= '!' && value <= '~' || value >= 0xA1 && value <= 0xAC || value >= 0xAE;
            characters[value] = visible ? (char) value : spare++;
        }
        return characters;
    }

    private static short[] bytes() {
        short[] bytes = new short[256 + 256];
        java.util.Arrays.fill(bytes, (short) -1);
        for (int value = 0; value < 256; value++) {
            bytes[CHARACTERS[value]] = (short) value;
        }
        return bytes;
    }
}
