package dev.sparsellm.runtime.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Results to a file or a pipe, in UTF-8. A {@link PrintStream} knows that something was not written; this one, why. */
final class ResultStream extends PrintStream {

    private final Sink sink;

    ResultStream(FileOutputStream out) {
        this(new Sink(out));
    }

    private ResultStream(Sink sink) {
        super(sink, false, StandardCharsets.UTF_8);
        this.sink = sink;
    }

    /** Whether results were lost since whoever read them has gone, as {@code head} does when it has seen enough. */
    boolean readerHasGone() {
        String message = sink.failure == null ? null : sink.failure.getMessage();
        return message != null && message.contains("pipe"); // "Broken pipe"; on Windows "The pipe is being closed"
    }

    private static final class Sink extends OutputStream {

        private final FileOutputStream out;
        private volatile IOException failure;

        Sink(FileOutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                failure = failure == null ? e : failure;
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }
}
