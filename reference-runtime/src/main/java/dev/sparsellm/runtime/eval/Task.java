package dev.sparsellm.runtime.eval;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The eight multiple-choice tasks of the CHESS paper. */
public enum Task {
    /** Grade-school science, the harder questions (AI2). */
    ARC_CHALLENGE(true, DatasetForms::arc),
    /** Grade-school science, the easier questions (AI2). */
    ARC_EASY(true, DatasetForms::arc),
    /** Yes or no, from a passage. */
    BOOLQ(false, DatasetForms::boolq),
    /** How a scene goes on. */
    HELLASWAG(true, DatasetForms::hellaswag),
    /** Elementary science, from facts not given. */
    OPENBOOKQA(true, DatasetForms::openbookqa),
    /** How to do something in the physical world. */
    PIQA(true, DatasetForms::piqa),
    /** Science exams, with the passage that answers. */
    SCIQ(true, DatasetForms::sciq),
    /** Whom a sentence speaks of. */
    WINOGRANDE(false, DatasetForms::winogrande);

    private final boolean normalised;
    private final DatasetForms.Form form;

    Task(boolean normalised, DatasetForms.Form form) {
        this.normalised = normalised;
        this.form = form;
    }

    /** The name in options, files and results. */
    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Whether lm-evaluation-harness gives acc_norm for it, too. */
    public boolean normalised() {
        return normalised;
    }

    DatasetForms.Form form() {
        return form;
    }

    /** The task of this name. */
    public static Optional<Task> named(String word) {
        return Arrays.stream(values()).filter(task -> task.word().equals(word)).findFirst();
    }

    /** All names. */
    public static List<String> words() {
        return Arrays.stream(values()).map(Task::word).toList();
    }
}
