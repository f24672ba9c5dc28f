package dev.sparsellm.runtime.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsellm.runtime.eval.Question.Choice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts as lm-evaluation-harness writes them, from lines as the datasets have them. */
class TaskFileTest {

    @TempDir
    private Path folder;

    private Question read(Task task, String... lines) throws IOException {
        Files.write(folder.resolve(task.word() + ".jsonl"), List.of(lines));
        return TaskFile.read(folder, task, 10).getFirst();
    }

    @Test
    void arcIsReadAsItsAuthorsAndAsTheHubHaveIt() throws IOException {
        Question theirs = read(Task.ARC_EASY, """
                {"id":"A_1","question":{"stem":"Which is hot?","choices":[{"text":"ice","label":"A"},\
                {"text":"fire","label":"B"}]},"answerKey":"B"}""");
        Question hub = read(Task.ARC_CHALLENGE, """
                {"id":"A_1","question":"Which is hot?","choices":{"text":["ice","fire"],"label":["1","2"]},\
                "answerKey":"2"}""");
        assertThat(theirs).isEqualTo(hub);
        assertThat(theirs.gold()).isEqualTo(1);
        assertThat(theirs.choices()).containsExactly(
                new Choice("Question: Which is hot?\nAnswer:", " ice"),
                new Choice("Question: Which is hot?\nAnswer:", " fire"));
    }

    @Test
    void openbookqaAsksTheQuestionAlone() throws IOException {
        Question question = read(Task.OPENBOOKQA, """
                {"id":"7","question":{"stem":"Ice is","choices":[{"text":"cold","label":"A"},\
                {"text":"hot","label":"B"}]},"answerKey":"A"}""");
        assertThat(question.choices().getFirst()).isEqualTo(new Choice("Ice is", " cold"));
        assertThat(question.gold()).isZero();
    }

    @Test
    void boolqTakesTheTitleIntoThePassage() throws IOException {
        Question question = read(Task.BOOLQ, """
                {"question":"is ice cold","title":"Ice","answer":true,"passage":"Ice is frozen."}""");
        assertThat(question.choices().get(1))
                .isEqualTo(new Choice("Ice -- Ice is frozen.\nQuestion: is ice cold?\nAnswer:", " yes"));
        assertThat(question.gold()).isEqualTo(1);
        assertThat(read(Task.BOOLQ, """
                {"question":"is ice hot","label":0,"passage":"Ice is frozen."}""").gold()).isZero();
    }

    @Test
    void hellaswagIsFreedOfMarks() throws IOException {
        Question question = read(Task.HELLASWAG, """
                {"ind":24,"activity_label":"Baking","ctx_a":"[header] How to bake [title] Mix.","ctx_b":"the Cook",\
                "endings":["eats.","sleeps [substeps] well."],"label":"1"}""");
        assertThat(question.choices().get(1)).isEqualTo(new Choice("Baking: How to bake. Mix. The cook", " sleeps well."));
        assertThat(question.id()).isEqualTo("24");
    }

    @Test
    void labelsOfPiqaMayLieBeside() throws IOException {
        Files.write(folder.resolve("piqa-labels.lst"), List.of("1"));
        Question question = read(Task.PIQA, "{\"goal\":\"open a jar\",\"sol1\":\"push\",\"sol2\":\"turn\"}");
        assertThat(question.gold()).isEqualTo(1);
        assertThat(question.choices().getFirst()).isEqualTo(new Choice("Question: open a jar\nAnswer:", " push"));
    }

    @Test
    void sciqIsAListWithThePassageInFront() throws IOException {
        Question question = read(Task.SCIQ, """
                [{"question":"What melts?","distractor1":"a","distractor2":"b","distractor3":"c","correct_answer":"ice",\
                "support":" Ice melts."}]""");
        assertThat(question.gold()).isEqualTo(3);
        assertThat(question.choices().get(3))
                .isEqualTo(new Choice("Ice melts.\nQuestion: What melts?\nAnswer:", " ice"));
    }

    @Test
    void winograndeScoresWhatFollowsTheGap() throws IOException {
        Question question = read(Task.WINOGRANDE, """
                {"qID":"x","sentence":"Ann helped Bea since _ was ill.","option1":"Ann","option2":"Bea","answer":"2"}""");
        assertThat(question.choices()).containsExactly(
                new Choice("Ann helped Bea since Ann", " was ill."),
                new Choice("Ann helped Bea since Bea", " was ill."));
        assertThat(question.gold()).isEqualTo(1);
    }

    @Test
    void promptsWrittenOutAreTakenAsTheyAre() throws IOException {
        Question question = read(Task.PIQA, """
                {"task":"piqa","id":5,"context":"Goal: x\\nAnswer:","continuations":[" a"," bü"],"gold":1}""");
        assertThat(question.choices().get(1)).isEqualTo(new Choice("Goal: x\nAnswer:", " bü"));
        assertThat(question.choices().get(1).bytes()).isEqualTo(3);
    }

    @Test
    void whatIsMissingIsNamedWithItsPlace() {
        assertThatThrownBy(() -> read(Task.SCIQ, "{\"question\":\"What?\",\"distractor1\":\"a\"}"))
                .hasMessageContainingAll("sciq.jsonl, question 1", "'distractor2'");
        assertThatThrownBy(() -> read(Task.SCIQ, "{\"question\""))
                .hasMessageContainingAll("sciq.jsonl, question 1");
        assertThatThrownBy(() -> TaskFile.read(folder, Task.BOOLQ, 1)).hasMessageContainingAll("boolq.jsonl", "--data");
        assertThatThrownBy(() -> read(Task.PIQA, """
                {"context":"x","continuations":["a"],"gold":1}""")).hasMessageContaining("number 1");
    }
}
