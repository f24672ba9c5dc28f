package dev.sparsellm.runtime.eval;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.runtime.demo.DemoModel;
import dev.sparsellm.spi.ProgressSink;
import dev.sparsellm.testing.SharedFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The picks of {@code tools/score-tasks/score.py}, which shares no line with the runtime. It scored 200 questions of each
 * task; here the first 25 are asked, all 200 with the system property {@code sparsellm.test.questions=200} (minutes).
 */
class IndependentPicksTest {

    private static final int QUESTIONS = Integer.getInteger("sparsellm.test.questions", 25);

    @ParameterizedTest
    @EnumSource(Task.class)
    void stories260KPicksTheSame(Task task) throws IOException {
        check(SharedFiles.require("models/stories260K.gguf"), "stories260K", task);
    }

    @ParameterizedTest
    @EnumSource(Task.class)
    void theDemoModelPicksTheSame(Task task, @TempDir Path cache) throws IOException {
        check(DemoModel.locate(cache).orElseThrow(), "demo", task);
    }

    private static void check(Path file, String name, Task task) throws IOException {
        List<Question> questions = TaskFile.read(SharedFiles.require("tasks"), task, QUESTIONS);
        try (Model model = Model.load(file, ModelOptions.defaults().withThreads(1))) {
            MultipleChoice result = MultipleChoice.of(
                    model, model.lineup("dense"), task, questions, Journal.none(), ProgressSink.NONE);
            JsonNode golden = golden(name).get(task.word());
            assertThat(digits(result, MultipleChoice.Answer::pick))
                    .isEqualTo(golden.get("picks").asText().substring(0, questions.size()));
            assertThat(digits(result, MultipleChoice.Answer::pickByByte))
                    .isEqualTo(golden.get("picks_by_byte").asText().substring(0, questions.size()));
        }
    }

    private static String digits(
            MultipleChoice result, java.util.function.ToIntFunction<MultipleChoice.Answer> pick) {
        return result.answers().stream().map(answer -> String.valueOf(pick.applyAsInt(answer))).collect(Collectors.joining());
    }

    private static JsonNode golden(String name) throws IOException {
        try (InputStream in = IndependentPicksTest.class.getResourceAsStream(name + ".picks.json")) {
            return new ObjectMapper().readTree(in);
        }
    }
}
