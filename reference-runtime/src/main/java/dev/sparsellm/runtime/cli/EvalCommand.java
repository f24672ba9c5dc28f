package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.demo.DemoTexts;
import dev.sparsellm.runtime.eval.GenerationAgreement;
import dev.sparsellm.runtime.eval.Journal;
import dev.sparsellm.runtime.eval.LastWord;
import dev.sparsellm.runtime.eval.MultipleChoice;
import dev.sparsellm.runtime.eval.Passages;
import dev.sparsellm.runtime.eval.Question;
import dev.sparsellm.runtime.eval.Task;
import dev.sparsellm.runtime.eval.TaskFile;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.spi.ProgressSink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "eval",
        description = "What a model still can under each provider: multiple choice by log-likelihood as"
                + " lm-evaluation-harness counts it, the last word of passages, and how long texts stay the same.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class EvalCommand implements Callable<Integer> {

    private static final String ALL = "all";
    private static final String LAMBADA = "lambada";
    private static final String LAST_WORD = "last_word";
    private static final String GENERATION = "generation";

    private static final int PASSAGES = 100;
    private static final int PROMPTS = 20;

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = "--task", paramLabel = "TASKS", required = true, split = ",",
            description = "What to ask: arc_challenge, arc_easy, boolq, hellaswag, openbookqa, piqa, sciq, winogrande, or"
                    + " all for these eight; lambada; last_word and generation, which need no data.")
    private List<String> tasks;

    @Option(names = "--data", paramLabel = "DIR", description = "Folder of TASK.jsonl files.")
    private Path data;

    @Option(names = {"-f", "--file"}, paramLabel = "FILE",
            description = "Text in UTF-8 for last_word and generation; - is stdin. Default: fairy tales.")
    private Path file;

    @Option(names = "--limit", paramLabel = "N",
            description = "The first N questions of each task. Default: all; of last_word " + PASSAGES
                    + ", of generation " + PROMPTS + ".")
    private Integer limit;

    @Option(names = {"-n", "--tokens"}, paramLabel = "N", defaultValue = "128",
            description = "Tokens that generation writes after each prompt. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--journal", paramLabel = "FILE",
            description = "Keep each answer here, and take those that are here already: an interrupted evaluation goes on.")
    private Path journal;

    @Option(names = "--json", description = "Print all figures as one object.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    EvalCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    @Override
    public Integer call() {
        Set<String> wanted = wanted();
        List<String> preferences = List.of(model.preference(context).split(",", -1));
        check(wanted, preferences);
        ProgressSink progress = new ConsoleProgress(context.streams());
        EvalListing listing = new EvalListing(context.streams());
        try (Model open = model.open(context);
                Journal notes = journal == null ? Journal.none() : Journal.at(journal)) {
            List<Lineup> lineups =
                    preferences.stream().map(preference -> Settled.lineup(open.lineup(preference.strip())))
                            .toList();
            try (HeapWatch _ = HeapWatch.start()) {
                for (String word : wanted) {
                    Task.named(word).ifPresentOrElse(
                            task -> listing.add(choose(open, lineups, task, notes, progress)),
                            () -> passages(open, lineups, word, notes, progress, listing));
                }
            }
            listing.print(open, json);
        }
        return ExitCode.OK;
    }

    private Set<String> wanted() {
        Set<String> wanted = new LinkedHashSet<>();
        for (String word : tasks) {
            if (word.strip().equals(ALL)) {
                wanted.addAll(Task.words());
            } else if (Task.named(word.strip()).isPresent()
                    || List.of(LAMBADA, LAST_WORD, GENERATION).contains(word.strip())) {
                wanted.add(word.strip());
            } else {
                throw new UsageException("There is no task '" + word + "'; there are " + String.join(", ", Task.words())
                        + ", all for these, " + LAMBADA + ", " + LAST_WORD + " and " + GENERATION);
            }
        }
        return wanted;
    }

    private void check(Set<String> wanted, List<String> preferences) {
        if (limit != null && limit < 1) {
            throw new UsageException("--limit is " + limit + "; give a number from 1");
        }
        if (tokens < 1) {
            throw new UsageException("-n is " + tokens + "; give a number from 1");
        }
        for (String word : wanted) {
            if (data == null && (word.equals(LAMBADA) || Task.named(word).isPresent())) {
                throw new UsageException("The task " + word + " needs --data DIR, a folder with " + word + ".jsonl");
            }
        }
        if (wanted.contains(GENERATION) && preferences.size() < 2) {
            throw new UsageException("The task " + GENERATION
                    + " compares two providers: name them with --provider, such as --provider dense,chess");
        }
    }

    private List<MultipleChoice> choose(
            Model open, List<Lineup> lineups, Task task, Journal notes, ProgressSink progress) {
        List<Question> questions = TaskFile.read(data, task, limit == null ? Integer.MAX_VALUE : limit);
        return lineups.stream()
                .map(lineup -> MultipleChoice.of(open, lineup, task, questions, notes, progress))
                .toList();
    }

    private void passages(
            Model open, List<Lineup> lineups, String task, Journal notes, ProgressSink progress, EvalListing listing) {
        if (task.equals(GENERATION)) {
            List<Question.Choice> passages = ofText(PROMPTS);
            for (Lineup other : lineups.subList(1, lineups.size())) {
                listing.add(GenerationAgreement.of(
                        open, lineups.getFirst(), other, passages, tokens, notes, progress));
            }
            return;
        }
        List<Question.Choice> passages = task.equals(LAMBADA)
                ? Passages.ofFile(data.resolve(LAMBADA + ".jsonl"), limit == null ? Integer.MAX_VALUE : limit)
                : ofText(PASSAGES);
        List<LastWord> results = new ArrayList<>();
        for (Lineup lineup : lineups) {
            results.add(LastWord.of(open, lineup, task, passages, notes, progress));
        }
        listing.add(task, results);
    }

    private List<Question.Choice> ofText(int most) {
        String text = file == null ? DemoTexts.heldOut() : TextArguments.read(file, context.streams());
        List<Question.Choice> passages = Passages.ofText(text, limit == null ? most : limit);
        if (passages.isEmpty()) {
            throw new IllegalArgumentException(
                    "The text is too short: a passage takes fifty words; take a longer one with --file");
        }
        return passages;
    }
}
