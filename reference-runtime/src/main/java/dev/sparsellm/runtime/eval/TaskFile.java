package dev.sparsellm.runtime.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sparsellm.spi.OneLine;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The questions of a task: {@code TASK.jsonl} in a folder, one object a line or one list of objects, each written out as
 * {@code {id, context | contexts, continuations, gold}} or as the dataset has it.
 */
public final class TaskFile {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private TaskFile() {}

    /**
     * The first questions of a task.
     *
     * @param most at most so many
     * @throws IllegalArgumentException if the file is missing or one of its lines is no question
     */
    public static List<Question> read(Path folder, Task task, int most) {
        Path file = folder.resolve(task.word() + ".jsonl");
        List<String> labels = labels(folder.resolve(task.word() + "-labels.lst"));
        List<Question> questions = new ArrayList<>();
        try (MappingIterator<JsonNode> objects = MAPPER.readerFor(JsonNode.class).readValues(file.toFile())) {
            while (questions.size() < most && objects.hasNextValue()) {
                JsonNode json = objects.nextValue();
                if (questions.size() < labels.size() && json instanceof ObjectNode object) {
                    object.put("label", labels.get(questions.size()));
                }
                questions.add(json.has("continuations")
                        ? DatasetForms.writtenOut(json)
                        : task.form().question(json));
            }
        } catch (IllegalArgumentException | JsonProcessingException | CharConversionException e) {
            String what = e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
            throw new IllegalArgumentException(OneLine.of(file + ", question " + (questions.size() + 1) + ": " + what
                    + "; give it as the dataset has it, or as {\"context\", \"continuations\", \"gold\"}"), e);
        } catch (IOException e) {
            if (!Files.exists(file)) {
                throw new IllegalArgumentException("There is no file " + file + " for the task " + task.word()
                        + "; name the folder that has it with --data", e);
            }
            throw new UncheckedIOException(e);
        }
        if (questions.isEmpty()) {
            throw new IllegalArgumentException(file + " has no questions");
        }
        return List.copyOf(questions);
    }

    /** A label a line, where the dataset keeps them apart. */
    private static List<String> labels(Path file) {
        try {
            return Files.readAllLines(file).stream().map(String::strip).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
