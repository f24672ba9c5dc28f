package dev.sparsellm.acceptance;

import dev.sparsellm.runtime.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A command run in this JVM, {@code -Dkey=value} included.
 *
 * @param code the exit code
 */
record CommandLine(int code, String out, String err) {

    static CommandLine run(List<String> words) {
        List<String> arguments = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try {
            for (String word : words) {
                if (word.matches("-D[\\w.-]+=.*")) {
                    int equals = word.indexOf('=');
                    keys.add(word.substring(2, equals));
                    System.setProperty(keys.getLast(), word.substring(equals + 1));
                } else {
                    arguments.add(word);
                }
            }
            int code = Main.run(
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    arguments.toArray(String[]::new));
            return new CommandLine(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            keys.forEach(System::clearProperty);
        }
    }
}
