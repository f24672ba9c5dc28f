package dev.sparsellm.benchmarks.endtoend;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs other programs. */
final class Programs {

    private static final int SHOWN = 2000;

    private Programs() {}

    /**
     * Runs a program to its end.
     *
     * @return what it wrote to both its outputs
     * @throws IOException if it ended with anything but 0, with the end of its output
     */
    static String run(List<String> command) throws IOException, InterruptedException {
        return run(command, true);
    }

    /** As {@link #run}, without what it wrote to stderr. */
    static String stdout(List<String> command) throws IOException, InterruptedException {
        return run(command, false);
    }

    private static String run(List<String> command, boolean both) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(both);
        if (!both) {
            builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        }
        Process process = builder.start();
        process.getOutputStream().close();
        String output;
        try (InputStream in = process.getInputStream()) {
            output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            process.destroy();
        }
        int code = process.waitFor();
        if (code != 0) {
            throw new IOException("'" + String.join(" ", command) + "' ended with " + code + ": "
                    + output.substring(Math.max(0, output.length() - SHOWN)));
        }
        return output;
    }
}
