package dev.sparsellm.robustness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.runtime.eval.Journal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {

    private static final String LINE = "{\"key\":\"ä\",\"values\":[1.0]}\n";

    @TempDir
    Path folder;

    @Test
    void nothing_is_lost_if_the_process_is_killed_before_it_adds_anything() throws IOException {
        Path file = Files.writeString(folder.resolve("journal"), LINE + LINE);
        Journal opened = Journal.at(file);
        assertThat(file).hasContent(LINE + LINE); // as a process that is killed here leaves it
        opened.close();
        assertThat(file).hasContent(LINE + LINE);
    }

    @Test
    void half_a_line_is_cut_off() throws IOException {
        Path file = Files.writeString(folder.resolve("journal"), LINE + "{\"key\":\"ö");
        Journal.at(file).close();
        assertThat(file).hasContent(LINE);
    }

    @Test
    void what_is_no_text_is_no_journal_and_stays_as_it_is() throws IOException {
        byte[] other = {(byte) 0xFF, 0, '\n'};
        Path file = Files.write(folder.resolve("other"), other);
        assertThatThrownBy(() -> Journal.at(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(file.toString(), "no journal");
        assertThat(file).hasBinaryContent(other);
    }
}
