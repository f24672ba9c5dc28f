package dev.sparsellm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.sparsellm.spi.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class KernelBenchmarksTest {

    private static ChainedOptionsBuilder brief(String benchmark) {
        return new OptionsBuilder()
                .include(benchmark)
                .param("type", "Q8_0")
                .param("shape", "128x64")
                .param("megabytes", "1")
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(60))
                .verbosity(VerboseMode.SILENT)
                .forks(0);
    }

    @Test
    void every_kernel_runs_with_each_reading_on_one_and_two_threads_and_says_what_it_read(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("all.json");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Collection<RunResult> results = KernelBenchmarks.run(
                brief("dev.sparsellm.benchmarks").param("sparsity", "0.5").param("batch", "8")
                        .resultFormat(ResultFormatType.JSON).result(file.toString()).build(),
                new int[] {1, 2},
                new PrintStream(out, true, StandardCharsets.UTF_8));
        assertThat(results).hasSize(2 * 6);
        assertThat(Files.readString(file)).contains("DenseRows", "Vmmsp", "Spvmm", "Prefill", "\"threads\" : 2");
        List<String> table = out.toString(StandardCharsets.UTF_8).lines().filter(line -> line.startsWith("|")).toList();
        assertThat(table).hasSize(2 + 2 * 6);
        assertThat(table).anyMatch(line -> line.startsWith("| Spvmm | Q8_0 | 128x64 | 0.5 | MANY_LINES | 2 | "));
    }

    @Test
    void what_a_product_takes_follows_from_its_parameters() throws Exception {
        RunResult vmmsp = KernelBenchmarks.run(brief("Vmmsp").param("sparsity", "0.75").build(), new int[] {1}, System.out)
                .iterator().next();
        assertThat(Work.of(vmmsp.getParams())).isEqualTo(new Work("Vmmsp", 128 * 68, 32 * 68, 2.0 * 32 * 64));
        // Half of the codes, and all of the scales.
        RunResult spvmm = KernelBenchmarks.run(brief("Spvmm").param("sparsity", "0.5").build(), new int[] {2}, System.out)
                .iterator().next();
        assertThat(Work.of(spvmm.getParams()).neededBytes()).isEqualTo(128 * (32 + 4));
        assertThat(KernelTable.rate(1e9, spvmm))
                .as("a call is half of a matrix")
                .isCloseTo(spvmm.getPrimaryResult().getScore() / 2 * 1e9, within(1.0));
        RunResult prefill = KernelBenchmarks.run(brief("Prefill").param("batch", "3").build(), new int[] {1}, System.out)
                .iterator().next();
        assertThat(Work.of(prefill.getParams())).isEqualTo(new Work("Prefill", 128 * 68, 128 * 68, 2.0 * 128 * 64 * 3));
    }

    @Test
    void a_jvm_of_its_own_has_the_vector_api() throws Exception {
        Collection<RunResult> results =
                KernelBenchmarks.run(brief("DenseRows").forks(1).build(), new int[] {1}, System.out);
        assertThat(results).singleElement().satisfies(
                result -> assertThat(result.getPrimaryResult().getScore()).isPositive());
    }

    @Test
    void kept_rows_are_ascending_and_as_many_as_asked_for() {
        try (Matrices matrices = Matrices.of(TensorType.Q4_0, "1000x64", 0)) {
            int[] kept = matrices.kept(1000, 0.7)[0];
            assertThat(kept).hasSize(300).isSorted().doesNotHaveDuplicates();
            assertThat(kept[299]).isLessThan(1000);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Matrices.of(TensorType.Q4_0, "1000", 1))
                .withMessageContaining("8192x2048");
    }
}
