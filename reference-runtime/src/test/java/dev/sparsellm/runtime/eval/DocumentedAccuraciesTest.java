package dev.sparsellm.runtime.eval;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.runtime.eval.MultipleChoice.Answer;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The accuracies in docs/quality.md are those of the picks that {@link IndependentPicksTest} holds the scorer to. */
class DocumentedAccuraciesTest {

    @ParameterizedTest
    @CsvSource({
        "'| demo model, acc |', demo, acc",
        "'| demo model, acc_norm |', demo, acc_norm",
        "'| stories260K, acc |', stories260K, acc",
        "'| stories260K, acc_norm |', stories260K, acc_norm"
    })
    void aRowOfTheTableIsThatOfThePicks(String row, String model, String figure) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("../docs/quality.md")).stream()
                .filter(line -> line.startsWith(row))
                .toList();
        StringBuilder expected = new StringBuilder(row);
        for (Task task : Task.values()) {
            expected.append(figure.equals("acc") || task.normalised() ? accuracy(model, task, figure) : " |");
        }
        assertThat(lines).containsExactly(expected.toString());
    }

    private static String accuracy(String model, Task task, String figure) throws IOException {
        JsonNode golden;
        try (InputStream in = IndependentPicksTest.class.getResourceAsStream(model + ".picks.json")) {
            golden = new ObjectMapper().readTree(in).get(task.word());
        }
        String picks = golden.get("picks").asText();
        String byByte = golden.get("picks_by_byte").asText();
        List<Question> questions = TaskFile.read(SharedFiles.require("tasks"), task, picks.length());
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < picks.length(); i++) {
            answers.add(new Answer(picks.charAt(i) - '0', byByte.charAt(i) - '0', questions.get(i).gold(), 0));
        }
        MultipleChoice result = new MultipleChoice(task, "numpy", answers);
        Proportion share = figure.equals("acc") ? result.accuracy() : result.accuracyByByte();
        return String.format(Locale.ROOT, " %.1f |", 100 * share.value());
    }
}
