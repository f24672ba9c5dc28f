package dev.sparsellm.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What of mapped files is in memory, as Linux tells it. */
public final class ResidentPages {

    private ResidentPages() {}

    /**
     * KiB of this process's mappings of a file that are resident.
     *
     * @throws IOException where there is no {@code /proc/self/smaps}
     */
    public static long of(Path file) throws IOException {
        long total = 0;
        boolean counts = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                counts = line.endsWith(file.toString());
            } else if (counts && line.startsWith("Rss:")) {
                total += Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return total;
    }

    /**
     * How many mappings of a file this process has, whether there is still a file of this name or not.
     *
     * @throws IOException where there is no {@code /proc/self/maps}
     */
    public static long mappings(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.replaceFirst(" \\(deleted\\)$", "").endsWith(" " + file)).count();
        }
    }
}
