package dev.sparsellm.benchmarks.endtoend;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What figures were measured on. */
final class Machine {

    private Machine() {}

    /** Lines for the head of a report. */
    static List<String> lines() {
        long memory = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getTotalMemorySize();
        return List.of(cpu() + ", " + Runtime.getRuntime().availableProcessors() + " processors, "
                + Math.round(memory / 1e9) + " GB of memory, " + System.getProperty("os.name") + ", "
                + System.getProperty("java.vendor.version", "") + " " + System.getProperty("java.version"));
    }

    private static String cpu() {
        Path file = Path.of("/proc/cpuinfo");
        if (Files.isReadable(file)) {
            try (Stream<String> lines = Files.lines(file)) {
                return lines.filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse(System.getProperty("os.arch"));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return System.getProperty("os.arch");
    }
}
