package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/**
 * What a command did, run inside this JVM.
 *
 * @param code the exit code
 * @param out what it wrote to stdout
 * @param err what it wrote to stderr
 */
record CommandRun(int code, String out, String err) {

    static CommandRun of(String... args) {
        return of("", new Properties(), args);
    }

    static CommandRun of(String stdin, Properties properties, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Streams streams = new Streams(
                new ByteArrayInputStream(stdin.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                0);
        int code = Main.run(streams, new Cancellation(), properties, args);
        return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** With one system property. */
    static CommandRun withProperty(String key, String value, String... args) {
        Properties properties = new Properties();
        properties.setProperty(key, value);
        return of("", properties, args);
    }

    /** Asserts success. */
    CommandRun succeeds() {
        assertThat(code).as("exit code of a command that wrote to stderr: %s", err).isZero();
        return this;
    }

    /** Asserts failure: this exit code, nothing on stdout, one line on stderr that holds all these words. */
    CommandRun failsWith(int expected, String... words) {
        assertThat(code).as("exit code of a command that wrote to stderr: %s", err).isEqualTo(expected);
        assertThat(err.lines()).as("lines on stderr").hasSize(1);
        assertThat(err).startsWith("sparsellm: ").contains(words).doesNotContain("Exception", "\tat ");
        assertThat(out).isEmpty();
        return this;
    }

    /** What {@code --json} printed. */
    JsonNode json() {
        succeeds();
        assertThat(out.lines()).hasSize(1);
        try {
            return new ObjectMapper().readTree(out);
        } catch (IOException e) {
            throw new AssertionError("No JSON: " + out, e);
        }
    }
}
