package dev.sparsellm.kernels.repack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What several processes do with one directory, or one that ends too early, or on a full disk. */
@DisabledOnOs(OS.WINDOWS)
class RepackProcessesTest {

    private static final String REPACKING = "Repacking weights";

    @TempDir
    Path directory;

    @Test
    void twoProcessesAtOnceRepackOnce() throws Exception {
        List<Process> processes = List.of(start("exec"), start("exec"), start("exec"));
        List<String> outputs = new ArrayList<>();
        for (Process process : processes) {
            outputs.add(finish(process));
        }
        assertThat(outputs).filteredOn(o -> o.contains(REPACKING)).hasSize(1);
        assertThat(outputs).allMatch(o -> o.contains("true ") && !o.contains("NOTICE"));
        assertThat(outputs.stream().map(o -> o.substring(o.indexOf("true "))).distinct()).hasSize(1);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void survivesAProcessKilledWhileWriting() throws Exception {
        Process killed = start("exec");
        while (killed.isAlive() && !hasTemporary()) {
            Thread.sleep(1);
        }
        killed.destroyForcibly().waitFor();
        String output = finish(start("exec"));
        assertThat(output).contains("true ").doesNotContain("NOTICE");
        assertThat(hasTemporary()).isFalse();
    }

    /** The limit on the size of files stands for a full disk: writing fails half way. */
    @Test
    void repacksInMemoryWhenTheDiskFillsUp() throws Exception {
        String output = finish(start("ulimit -f 8000; exec"));
        assertThat(output).contains("NOTICE").contains("stay in memory").contains("false ");
        assertThat(hasTemporary()).isFalse();
        assertThat(finish(start("exec")).lines().toList().getLast().substring("true ".length()))
                .isEqualTo(output.lines().toList().getLast().substring("false ".length()));
    }

    private boolean hasTemporary() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(f -> f.toString().endsWith(".tmp"));
        }
    }

    private Process start(String prefix) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String command = "%s '%s' -XX:-UsePerfData -Xmx512m -cp '%s' %s '%s'".formatted(
                prefix, java, System.getProperty("java.class.path"), RepackProcess.class.getName(), directory);
        return new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
    }

    private static String finish(Process process) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output.strip();
    }
}
