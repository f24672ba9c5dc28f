package dev.sparsellm.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class OneLineTest {

    @Test
    void what_would_begin_a_line_or_steer_a_terminal_is_replaced() {
        assertThat(OneLine.of("a\nb\r\u001b[2Jc\u0000\u0085\u2028d é \uD83D\uDE00"))
                .isEqualTo("a?b??[2Jc???d é \uD83D\uDE00");
    }

    @Test
    void long_texts_keep_their_ends() {
        String line = OneLine.of("begin" + "x".repeat(5000) + "end");
        assertThat(line).startsWith("begin").endsWith("end").contains(" … ").hasSizeLessThan(1010);
    }

    @Test
    void exceptions_are_told_in_one_line() {
        assertThat(new ProviderException("a\nb")).hasMessage("a?b");
        assertThat(new ProviderException("a\nb", new IOException())).hasMessage("a?b");
        assertThat(new SettingsException("a\nb")).hasMessage("a?b");
    }

    @Test
    void failures_of_files_are_told_by_their_reason() {
        assertThat(OneLine.of(new IOException("No space left on device"))).isEqualTo("No space left on device");
        assertThat(OneLine.of(new FileSystemException("f", null, "Read-only file system")))
                .isEqualTo("Read-only file system");
        assertThat(OneLine.of(new AccessDeniedException("f"))).isEqualTo("permission denied");
        assertThat(OneLine.of(new NoSuchFileException("f"))).startsWith("there is no such folder");
        assertThat(OneLine.of(new IOException())).isEqualTo("IOException");
    }

    @Test
    void a_path_that_this_system_does_not_have_is_not_allowed() {
        assertThat(new Setting.Type.PathName().allows("a\u0000b")).isFalse();
        assertThat(new Setting.Type.PathName().allows("a/b")).isTrue();
    }
}
