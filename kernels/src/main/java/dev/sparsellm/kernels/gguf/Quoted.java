package dev.sparsellm.kernels.gguf;

import dev.sparsellm.spi.OneLine;

/** Text from a file, made fit for a line of an error message: short, and without control characters. */
final class Quoted {

    private static final int MAX_LENGTH = 80;

    private Quoted() {}

    static String of(String text) {
        return OneLine.of(text.length() > MAX_LENGTH ? text.substring(0, MAX_LENGTH) + "…" : text);
    }
}
