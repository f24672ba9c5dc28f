package dev.sparsellm.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Errors in the list of questions are those the program gives. */
class FaqTest {

    private static final List<List<String>> MISTAKES = List.of(
            List.of("generate", "--model", "gone.gguf", "--prompt", "a"),
            List.of("generate", "--model", "../LICENSE", "--prompt", "a"),
            List.of("providers", "-Dsparsellm.modle=x"),
            List.of("generate", "--prompt", "a", "--chess.sparsity", "2"),
            List.of("generate", "--prompt", "a", "--sparsity", "0.5"),
            List.of("generate", "--prompt", "a", "--provider", "nobody"),
            List.of("generate", "--prompt", "a", "--ctx", "0", "--provider", "dense"),
            List.of("chat", "--chat-format", "nonsense", "--provider", "dense"));

    @Test
    void every_error_on_the_page_is_one_the_program_gives_and_no_mistake_is_missing() throws IOException {
        List<String> said = new ArrayList<>();
        for (List<String> mistake : MISTAKES) {
            CommandLine run = CommandLine.run(mistake);
            assertThat(run.code()).as(run.err()).isNotZero();
            said.add(run.err());
        }
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            said.add(CommandLine.run(List.of(
                            "serve", "--provider", "dense", "--offer", "dense", "--port", Integer.toString(taken.getLocalPort())))
                    .err());
        }
        String page = Documents.between(Documents.read(Documents.PROJECT.resolve("docs/faq.md")), "errors");
        Matcher row = Pattern.compile("(?m)^\\| `(.+?)` \\|").matcher(page);
        List<String> errors = new ArrayList<>();
        while (row.find()) {
            errors.add(row.group(1));
        }
        assertThat(errors).hasSameSizeAs(said);
        for (int i = 0; i < errors.size(); i++) {
            assertThat(said.get(i)).contains(errors.get(i));
        }
    }
}
