package dev.sparsellm.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextColumnsTest {

    @Test
    void wrapsAtBlanksAndBreaksWordsThatAreTooLong() {
        assertThat(TextColumns.wrap("one two three", 8)).containsExactly("one two", "three");
        assertThat(TextColumns.wrap("abcdefghij k", 4)).containsExactly("abcd", "efgh", "ij k");
        assertThat(TextColumns.wrap("a\n\nb", 8)).containsExactly("a", "", "b");
        assertThat(TextColumns.wrap("", 8)).containsExactly("");
    }

    @Test
    void countsWideCharactersTwice() {
        assertThat(TextColumns.width("語a")).isEqualTo(3);
        assertThat(TextColumns.wrap("語語語", 4)).containsExactly("語語", "語");
        assertThat(TextColumns.pad("語", 4)).isEqualTo("語  ");
    }

    @Test
    void leavesNothingThatATerminalObeys() {
        assertThat(TextColumns.harmless("a\u001B[31mb\r\u202Ec\n\u0007")).isEqualTo("a\uFFFD[31mb \uFFFDc\n\uFFFD");
    }
}
