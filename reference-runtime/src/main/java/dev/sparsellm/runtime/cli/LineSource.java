package dev.sparsellm.runtime.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Where a chat's lines come from. */
interface LineSource extends AutoCloseable {

    /** The next line, or null when there are no more. */
    String next() throws IOException;

    @Override
    void close() throws IOException;

    /** A line editor at a terminal; plain lines of stdin without one. */
    static LineSource of(Streams streams, Cancellation cancellation) throws IOException {
        return streams.isInteractive() ? new Editor(streams, cancellation) : new Lines(streams);
    }

    /** Lines of a pipe or file. */
    final class Lines implements LineSource {

        private final BufferedReader reader;

        Lines(Streams streams) {
            reader = new BufferedReader(new InputStreamReader(streams.in(), StandardCharsets.UTF_8));
        }

        @Override
        public String next() throws IOException {
            return reader.readLine();
        }

        @Override
        public void close() {}
    }

    /** A prompt with history and editing. */
    final class Editor implements LineSource {

        private final Streams streams;
        private final Cancellation cancellation;
        private final Terminal terminal;
        private final LineReader reader;

        Editor(Streams streams, Cancellation cancellation) throws IOException {
            this.streams = streams;
            this.cancellation = cancellation;
            terminal = TerminalBuilder.builder().system(true).dumb(true).build();
            // While an answer is being written; at the prompt the reader has a handler of its own.
            terminal.handle(Terminal.Signal.INT, signal -> cancellation.request());
            reader = LineReaderBuilder.builder()
                    .terminal(terminal)
                    .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                    .build();
        }

        @Override
        public String next() {
            // An answer cut short is no reason to leave.
            cancellation.clear();
            streams.out().flush();
            while (true) {
                try {
                    return reader.readLine("> ");
                } catch (UserInterruptException e) {
                    streams.note("/exit or Ctrl-D leaves");
                } catch (EndOfFileException e) {
                    return null;
                }
            }
        }

        @Override
        public void close() throws IOException {
            terminal.close();
        }
    }
}
