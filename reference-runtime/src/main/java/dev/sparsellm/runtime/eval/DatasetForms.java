package dev.sparsellm.runtime.eval;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sparsellm.runtime.eval.Question.Choice;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/**
 * One line of each dataset, as its authors or the usual hub publish it, made a question with the prompts of
 * lm-evaluation-harness.
 */
final class DatasetForms {

    private DatasetForms() {}

    /** Reads one object. */
    @FunctionalInterface
    interface Form {

        /** @throws IllegalArgumentException if a field is missing */
        Question question(JsonNode json);
    }

    /** {task, id, context or contexts, continuations, gold}: prompts written out already, of any task. */
    static Question writtenOut(JsonNode json) {
        List<String> continuations = texts(field(json, "continuations"));
        List<String> contexts = json.hasNonNull("contexts")
                ? texts(json.get("contexts"))
                : IntStream.range(0, continuations.size()).mapToObj(i -> text(json, "context")).toList();
        if (contexts.size() != continuations.size()) {
            throw new IllegalArgumentException("there are " + contexts.size() + " contexts and " + continuations.size()
                    + " continuations");
        }
        List<Choice> choices = IntStream.range(0, contexts.size())
                .mapToObj(i -> new Choice(contexts.get(i), continuations.get(i)))
                .toList();
        return new Question(id(json, "id"), choices, field(json, "gold").asInt());
    }

    /** {id, question: {stem, choices: [{text, label}]}, answerKey}, or {id, question, choices: {text: [], label: []}, …}. */
    static Question arc(JsonNode json) {
        JsonNode question = field(json, "question");
        String stem = question.isObject() ? text(question, "stem") : question.asText();
        return labelled(json, "Question: " + stem + "\nAnswer:", question.isObject() ? question : json);
    }

    /** As {@link #arc}, the question in {@code question_stem}; the prompt is the question alone. */
    static Question openbookqa(JsonNode json) {
        JsonNode question = json.path("question");
        return question.isObject()
                ? labelled(json, text(question, "stem"), question)
                : labelled(json, text(json, "question_stem"), json);
    }

    private static Question labelled(JsonNode json, String context, JsonNode holder) {
        JsonNode choices = field(holder, "choices");
        List<String> answers = choices.isArray() ? texts(choices, "text") : texts(field(choices, "text"));
        List<String> labels = choices.isArray() ? texts(choices, "label") : texts(field(choices, "label"));
        return new Question(id(json, "id"), choices(context, answers), labels.indexOf(text(json, "answerKey")));
    }

    /** {question, passage, answer or label}, and {@code title} in the authors' own file. */
    static Question boolq(JsonNode json) {
        String passage = text(json, "passage");
        String title = json.path("title").asText("");
        String begin = title.isEmpty() || passage.startsWith(title + " -- ") ? "" : title + " -- ";
        JsonNode answer = json.hasNonNull("answer") ? json.get("answer") : field(json, "label");
        return new Question(
                id(json, "idx"),
                choices(begin + passage + "\nQuestion: " + text(json, "question") + "?\nAnswer:", List.of("no", "yes")),
                answer.asBoolean() || answer.asInt() == 1 ? 1 : 0);
    }

    /** {ind, activity_label, ctx_a, ctx_b, endings, label}. */
    static Question hellaswag(JsonNode json) {
        String second = text(json, "ctx_b");
        String capital = second.isEmpty()
                ? ""
                : second.substring(0, 1).toUpperCase(java.util.Locale.ROOT)
                        + second.substring(1).toLowerCase(java.util.Locale.ROOT);
        String context = text(json, "activity_label") + ": " + text(json, "ctx_a") + " " + capital;
        List<String> endings =
                texts(field(json, "endings")).stream().map(DatasetForms::withoutMarks).toList();
        return new Question(id(json, "ind"), choices(withoutMarks(context), endings), field(json, "label").asInt());
    }

    /** WikiHow's artefacts. */
    private static String withoutMarks(String text) {
        return text.strip().replace(" [title]", ". ").replaceAll("\\[.*?\\]", "").replace("  ", " ");
    }

    /** {goal, sol1, sol2, label}; the authors keep labels in a file beside: {@link TaskFile} joins them. */
    static Question piqa(JsonNode json) {
        return new Question(
                id(json, "id"),
                choices("Question: " + text(json, "goal") + "\nAnswer:", List.of(text(json, "sol1"), text(json, "sol2"))),
                field(json, "label").asInt());
    }

    /** {question, distractor1, distractor2, distractor3, correct_answer, support}. */
    static Question sciq(JsonNode json) {
        String context = json.path("support").asText("").stripLeading() + "\nQuestion: " + text(json, "question")
                + "\nAnswer:";
        List<String> answers = List.of(
                text(json, "distractor1"), text(json, "distractor2"), text(json, "distractor3"),
                text(json, "correct_answer"));
        return new Question(id(json, "id"), choices(context, answers), 3);
    }

    /** {qID, sentence, option1, option2, answer}: each option in the place of the gap, what follows is scored. */
    static Question winogrande(JsonNode json) {
        String sentence = text(json, "sentence");
        int gap = sentence.indexOf('_');
        if (gap < 0) {
            throw new IllegalArgumentException("the sentence has no gap _");
        }
        String rest = " " + sentence.substring(gap + 1).strip();
        List<Choice> choices = List.of(
                new Choice(sentence.substring(0, gap) + text(json, "option1"), rest),
                new Choice(sentence.substring(0, gap) + text(json, "option2"), rest));
        return new Question(id(json, "qID"), choices, field(json, "answer").asInt() - 1);
    }

    private static List<Choice> choices(String context, List<String> answers) {
        return answers.stream().map(answer -> new Choice(context, " " + answer)).toList();
    }

    private static String id(JsonNode json, String name) {
        return json.path(name).asText("");
    }

    private static JsonNode field(JsonNode json, String name) {
        if (!json.hasNonNull(name)) {
            throw new IllegalArgumentException("there is no field '" + name + "'");
        }
        return json.get(name);
    }

    private static String text(JsonNode json, String name) {
        return field(json, name).asText();
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asText).toList();
    }

    private static List<String> texts(JsonNode objects, String name) {
        List<String> texts = new ArrayList<>();
        objects.forEach(object -> texts.add(text(object, name)));
        return texts;
    }
}
