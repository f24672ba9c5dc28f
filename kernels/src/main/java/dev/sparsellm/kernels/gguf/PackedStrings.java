package dev.sparsellm.kernels.gguf;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.RandomAccess;

/**
 * A metadata array of strings in the bytes the file has, decoded when asked for: a vocabulary of 128256 tokens with all
 * its merges opens without making one string, and memory stays within that of the file.
 */
final class PackedStrings extends AbstractList<String> implements RandomAccess {

    /** Each string's UTF-8 bytes after their number in 8 bytes. */
    private final byte[] bytes;

    /** Where string i's bytes begin; {@code starts[size]} is where the next one's would. */
    private final int[] starts;

    PackedStrings(byte[] bytes, int[] starts) {
        this.bytes = bytes;
        this.starts = starts;
    }

    @Override
    public int size() {
        return starts.length - 1;
    }

    @Override
    public String get(int index) {
        int end = starts[index + 1] - Long.BYTES;
        return new String(bytes, starts[index], end - starts[index], StandardCharsets.UTF_8);
    }
}
