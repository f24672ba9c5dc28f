package dev.sparsellm.robustness;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sparsellm.runtime.eval.Journal;
import dev.sparsellm.runtime.eval.Passages;
import dev.sparsellm.runtime.eval.Task;
import dev.sparsellm.runtime.eval.TaskFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Questions of data sets, and the journals that evaluations keep. */
class TaskFuzzTest {

    private static final String[] PARTS = {
        "{", "}", "[", "]", ",", ":", "\n", "\"", "null", "true", "1", "-1", "1e999", "99999999999999999999",
        "\"\\ud800\"", "\"id\":", "\"question\":", "\"stem\":", "\"choices\":", "\"text\":", "\"label\":", "\"answerKey\":", "\"A\"",
        "\"question_stem\":", "\"passage\":", "\"title\":", "\"answer\":", "\"idx\":", "\"ctx_a\":", "\"ctx_b\":",
        "\"activity_label\":", "\"endings\":", "\"ind\":", "\"goal\":", "\"sol1\":", "\"sol2\":", "\"distractor1\":",
        "\"distractor2\":", "\"distractor3\":", "\"correct_answer\":", "\"support\":", "\"qID\":", "\"sentence\":",
        "\"option1\":", "\"option2\":", "\"a _ b\"", "\"contexts\":", "\"context\":", "\"continuations\":", "\"gold\":",
        "\"key\":", "\"values\":", "\"\uD83D\uDE00\"", "\"two\\nlines\"", "0"
    };

    private static final String[] FIELDS = {
        "id", "question", "stem", "choices", "text", "label", "answerKey", "question_stem", "passage", "title",
        "answer", "idx", "ctx_a", "ctx_b", "activity_label", "endings", "ind", "goal", "sol1", "sol2", "distractor1",
        "distractor2", "distractor3", "correct_answer", "support", "qID", "sentence", "option1", "option2", "contexts", "context",
        "continuations", "gold", "key", "values"
    };

    private static final Scratch SCRATCH = new Scratch();

    @FuzzTest
    void a_task_file_is_read_or_refused(byte[] bytes) {
        Choices choices = new Choices(bytes);
        int what = choices.below(Task.values().length + 2);
        byte[] content = switch (choices.below(4)) {
            case 0 -> choices.rest();
            case 1 -> parts(choices);
            default -> objects(choices);
        };
        if (what < Task.values().length) {
            Task task = Task.values()[what];
            SCRATCH.write(task.word() + ".jsonl", content);
            Refusals.acceptsOrSaysWhatIsWrong(() -> TaskFile.read(SCRATCH.folder(), task, 100));
        } else if (what == Task.values().length) {
            Path file = SCRATCH.write("lambada.jsonl", content);
            Refusals.acceptsOrSaysWhatIsWrong(() -> Passages.ofFile(file, 100));
        } else {
            Path file = SCRATCH.write("journal.jsonl", content);
            Refusals.acceptsOrSaysWhatIsWrong(() -> Journal.at(file).close());
        }
    }

    /** Objects with the fields of data sets, and whatever values. */
    private static byte[] objects(Choices choices) {
        StringBuilder text = new StringBuilder();
        while (choices.more()) {
            text.append(object(choices, 2)).append('\n');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String object(Choices choices, int depth) {
        StringBuilder text = new StringBuilder("{");
        for (int i = choices.below(8); i >= 0; i--) {
            text.append('"').append(FIELDS[choices.below(FIELDS.length)]).append("\":").append(value(choices, depth));
            text.append(i == 0 ? "" : ",");
        }
        return text.append('}').toString();
    }

    private static String value(Choices choices, int depth) {
        int kind = choices.below(depth == 0 ? 6 : 8);
        return switch (kind) {
            case 0 -> "\"a _ b\"";
            case 1 -> "\"A\"";
            case 2 -> Integer.toString(choices.below(6) - 1);
            case 3 -> "null";
            case 4 -> "\"\"";
            case 5 -> choices.below(2) == 0 ? "true" : "1e40";
            case 6 -> object(choices, depth - 1);
            default -> {
                StringBuilder list = new StringBuilder("[");
                for (int i = choices.below(4); i > 0; i--) {
                    list.append(value(choices, depth - 1)).append(i == 1 ? "" : ",");
                }
                yield list.append(']').toString();
            }
        };
    }

    private static byte[] parts(Choices choices) {
        StringBuilder text = new StringBuilder();
        while (choices.more()) {
            text.append(PARTS[choices.below(PARTS.length)]);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
