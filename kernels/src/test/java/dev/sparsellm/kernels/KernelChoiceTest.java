package dev.sparsellm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts JVMs as users do, with and without the flags that matter. */
class KernelChoiceTest {

    private static final String MODULE = "--add-modules=jdk.incubator.vector";

    /** What the started JVM runs: the choice, then a product, on one line. */
    static final class Report {
        public static void main(String[] args) {
            KernelChoice choice = KernelChoice.ofThisJvm();
            float dot = choice.kernels().dot(new float[] {1, 2, 3}, 0, new float[] {4, 5, 6}, 0, 3);
            System.out.println(choice.kernels().name() + " " + dot + " '" + choice.warning() + "'");
        }
    }

    @Test
    void without_the_module_scalar_code_runs_and_the_warning_names_the_flag() throws Exception {
        assertThat(run()).startsWith("scalar 32.0 '").contains("add --add-modules jdk.incubator.vector");
    }

    @Test
    void no_warning_where_scalar_code_was_asked_for() throws Exception {
        assertThat(run("-Dsparsellm.vectorBits=0")).isEqualTo("scalar 32.0 ''");
    }

    @ParameterizedTest
    @CsvSource({
        "-XX:TieredStopAtLevel=1, -XX:TieredStopAtLevel",
        "-Xint, -Xint",
        "-XX:-UseFMA, -XX:-UseFMA",
    })
    void without_what_makes_vectors_fast_scalar_code_runs_and_the_warning_names_the_flag(String flag, String named)
            throws Exception {
        assertThat(run(MODULE, flag)).startsWith("scalar 32.0 'Slow scalar code").contains(named);
    }

    @ParameterizedTest
    @CsvSource({"128", "256", "512"})
    void vectors_are_no_wider_than_the_property_says(int bits) throws Exception {
        String report = run(MODULE, "-Dsparsellm.vectorBits=" + bits);
        assertThat(report).matches("vector-\\d+ 32.0 ''");
        assertThat(Integer.parseInt(report.substring(7, 10))).isLessThanOrEqualTo(bits);
    }

    @ParameterizedTest
    @CsvSource({"64", "1024", "wide", "''"})
    void another_value_of_the_property_is_an_error_that_says_what_is_allowed(String bits) throws Exception {
        assertThat(run(MODULE, "-Dsparsellm.vectorBits=" + bits))
                .contains("IllegalArgumentException")
                .contains("sparsellm.vectorBits", "'" + bits + "'", "0 (scalar code), 128, 256 and 512");
    }

    /** Output of a JVM with these flags: the report, or the line of its exception. */
    private static String run(String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.add("-Xshare:auto");
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Report.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output.lines()
                .filter(line -> !line.startsWith("WARNING: Using incubator") && !line.startsWith("\tat "))
                .reduce("", (all, line) -> all.isEmpty() ? line : all + "\n" + line);
    }
}
