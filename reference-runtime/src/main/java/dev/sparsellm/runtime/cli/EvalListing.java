package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.eval.GenerationAgreement;
import dev.sparsellm.runtime.eval.LastWord;
import dev.sparsellm.runtime.eval.MultipleChoice;
import dev.sparsellm.runtime.eval.Proportion;
import dev.sparsellm.runtime.report.Figure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an evaluation found, as tables or as one object. */
final class EvalListing {

    private final Streams streams;
    private final List<List<MultipleChoice>> tasks = new ArrayList<>();
    private final Map<String, List<LastWord>> lastWords = new LinkedHashMap<>();
    private final List<GenerationAgreement> generations = new ArrayList<>();

    EvalListing(Streams streams) {
        this.streams = streams;
    }

    /** One task under each provider. */
    void add(List<MultipleChoice> task) {
        tasks.add(task);
    }

    void add(String task, List<LastWord> results) {
        lastWords.put(task, results);
    }

    void add(GenerationAgreement generation) {
        generations.add(generation);
    }

    void print(Model model, boolean json) {
        if (json) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("model", model.description().name());
            map.put("fingerprint", model.description().fingerprint());
            map.put("results", results());
            map.put("average", averages());
            map.put("last_word", lastWords());
            map.put("generation", generations());
            Json.print(streams.out(), map);
        } else {
            streams.out().print(table());
        }
    }

    private List<Map<String, Object>> results() {
        List<Map<String, Object>> results = new ArrayList<>();
        for (List<MultipleChoice> task : tasks) {
            for (MultipleChoice result : task) {
                Map<String, Object> map = new LinkedHashMap<>();
                map.put("task", result.task().word());
                map.put("provider", result.provider());
                map.put("n", result.answers().size());
                put(map, "acc", result.accuracy());
                if (result.task().normalised()) {
                    put(map, "acc_norm", result.accuracyByByte());
                }
                map.put("same_picks", orNull(result.samePicks(task.getFirst()).value()));
                map.put("log_likelihood",
                        result.answers().stream().mapToDouble(MultipleChoice.Answer::logLikelihood).sum());
                map.put("picks", result.answers().stream().map(MultipleChoice.Answer::pick).toList());
                map.put("picks_by_byte", result.answers().stream().map(MultipleChoice.Answer::pickByByte).toList());
                results.add(map);
            }
        }
        return results;
    }

    /** The unweighted mean over tasks, as papers give it. */
    private List<Map<String, Object>> averages() {
        List<Map<String, Object>> averages = new ArrayList<>();
        for (int p = 0; !tasks.isEmpty() && p < tasks.getFirst().size(); p++) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("provider", tasks.getFirst().get(p).provider());
            map.put("tasks", tasks.size());
            map.put("acc", orNull(average(p)));
            map.put("acc_stderr", orNull(averageError(p)));
            averages.add(map);
        }
        return averages;
    }

    private double average(int provider) {
        return tasks.stream().mapToDouble(task -> task.get(provider).accuracy().value()).average().orElse(Double.NaN);
    }

    private double averageError(int provider) {
        double squares = tasks.stream()
                .mapToDouble(task -> Math.pow(task.get(provider).accuracy().standardError(), 2))
                .sum();
        return Math.sqrt(squares) / tasks.size();
    }

    private List<Map<String, Object>> lastWords() {
        List<Map<String, Object>> list = new ArrayList<>();
        lastWords.forEach((task, results) -> results.forEach(result -> {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("task", task);
            map.put("provider", result.provider());
            map.put("n", result.accuracy().n());
            put(map, "acc", result.accuracy());
            map.put("perplexity", orNull(result.perplexity()));
            list.add(map);
        }));
        return list;
    }

    private List<Map<String, Object>> generations() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (GenerationAgreement result : generations) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("reference", result.reference());
            map.put("provider", result.other());
            map.put("prompts", result.agreed().size());
            map.put("tokens", result.tokens());
            map.put("agreed", result.agreed());
            map.put("median_agreed", orNull(result.medianAgreed()));
            map.put("same_to_the_end", orNull(result.same().value()));
            map.put("same_next", orNull(result.sameNext()));
            list.add(map);
        }
        return list;
    }

    private static void put(Map<String, Object> map, String name, Proportion proportion) {
        map.put(name, orNull(proportion.value()));
        map.put(name + "_stderr", orNull(proportion.standardError()));
    }

    /** JSON has no NaN. */
    private static Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private String table() {
        List<String> tables = new ArrayList<>();
        if (!tasks.isEmpty()) {
            tables.add(Listing.table("", choiceRows()));
        }
        if (!lastWords.isEmpty()) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("task", "provider", "n", "acc", "perplexity of the word"));
            lastWords.forEach((task, results) -> results.forEach(result -> rows.add(List.of(
                    task, name(result.provider()), String.valueOf(result.accuracy().n()), percent(result.accuracy()),
                    Figure.number("%.2f", result.perplexity())))));
            tables.add(Listing.table("", rows));
        }
        if (!generations.isEmpty()) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("generation", "prompts", "tokens", "median same", "same to the end", "same next token"));
            generations.forEach(result -> rows.add(List.of(
                    result.other() + " beside " + result.reference(),
                    String.valueOf(result.agreed().size()),
                    String.valueOf(result.tokens()),
                    Figure.number("%.0f", result.medianAgreed()),
                    Figure.number("%.0f %%", 100 * result.same().value()),
                    Figure.number("%.1f %%", 100 * result.sameNext()))));
            tables.add(Listing.table("", rows));
        }
        return String.join(System.lineSeparator(), tables);
    }

    private List<List<String>> choiceRows() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("task", "provider", "n", "acc", "acc_norm", "same picks"));
        for (List<MultipleChoice> task : tasks) {
            for (MultipleChoice result : task) {
                rows.add(List.of(
                        result.task().word(),
                        name(result.provider()),
                        String.valueOf(result.answers().size()),
                        percent(result.accuracy()),
                        result.task().normalised() ? percent(result.accuracyByByte()) : "-",
                        result == task.getFirst()
                                ? "-"
                                : Figure.number("%.1f", 100 * result.samePicks(task.getFirst()).value())));
            }
        }
        for (int p = 0; tasks.size() > 1 && p < tasks.getFirst().size(); p++) {
            rows.add(List.of(
                    "average",
                    name(tasks.getFirst().get(p).provider()),
                    "",
                    percent(average(p), averageError(p))));
        }
        return rows;
    }

    private static String name(String provider) {
        return provider.isEmpty() ? "default" : provider;
    }

    private static String percent(Proportion proportion) {
        return percent(proportion.value(), proportion.standardError());
    }

    /** One question has no spread. */
    private static String percent(double value, double error) {
        return Figure.number("%.2f", 100 * value) + (Double.isNaN(error) ? "" : Figure.number(" ± %.2f", 100 * error));
    }
}
