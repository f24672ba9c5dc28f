package dev.sparsellm.runtime.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a text comes from. */
final class TextArguments {

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "A text in UTF-8; - is stdin.")
    private Path file;

    @Option(names = "--text", paramLabel = "TEXT", description = "The text itself.")
    private String text;

    /** Whether a text is named. */
    boolean isGiven() {
        return text != null || file != null;
    }

    /**
     * The text, as it is.
     *
     * @throws UsageException where none is named
     */
    String read(Streams streams) {
        if (text != null) {
            return text;
        }
        if (file == null) {
            throw new UsageException("Name a text with --file FILE (- is stdin) or --text TEXT");
        }
        return read(file, streams);
    }

    /** The text in a file, or in stdin if its name is {@code -}. */
    static String read(Path file, Streams streams) {
        try {
            byte[] bytes = file.toString().equals("-") ? streams.in().readAllBytes() : Files.readAllBytes(file);
            // Bytes that are no text are an error rather than a silent replacement, which would change every figure.
            return StandardCharsets.UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
