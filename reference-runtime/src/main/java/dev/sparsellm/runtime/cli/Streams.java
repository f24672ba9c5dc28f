package dev.sparsellm.runtime.cli;

import dev.sparsellm.spi.OneLine;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes.
 *
 * @param in what the user types or pipes
 * @param out results
 * @param err everything else
 * @param columns width of the terminal that {@code err} goes to, or 0 where it is none
 */
record Streams(InputStream in, PrintStream out, PrintStream err, int columns) {

    /** The variable in which the launcher passes what the JVM cannot find out: the columns of stderr, empty for none. */
    static final String COLUMNS = "SPARSELLM_COLUMNS";

    /** Those of this process. Always UTF-8: what models write rarely fits a narrower charset. */
    static Streams ofProcess() {
        return new Streams(
                System.in,
                new ResultStream(new FileOutputStream(FileDescriptor.out)),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                columnsOfProcess());
    }

    private static int columnsOfProcess() {
        String columns = System.getenv(COLUMNS);
        if (columns == null) {
            // Not started by the launcher: take it that stderr goes where stdin and stdout go.
            return System.console() != null && System.console().isTerminal() ? 80 : 0;
        }
        return columns.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(columns) : 0;
    }

    boolean errIsTerminal() {
        return columns > 0;
    }

    /** Whether someone types and reads at a terminal. */
    boolean isInteractive() {
        return in == System.in && System.console() != null && System.console().isTerminal();
    }

    /** One line that is not a result. */
    void note(String line) {
        out.flush();
        err.println("sparsellm: " + OneLine.of(line.replaceAll("\\s*\\R\\s*", " ")));
    }
}
