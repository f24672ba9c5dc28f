package dev.sparsellm.runtime.cli;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.lineup.Lineup;
import dev.sparsellm.runtime.quality.Perplexity;
import dev.sparsellm.runtime.quality.Windows;
import dev.sparsellm.spi.Report;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "inspect",
        description = "Shows what is in a model file, and who would compute which operator of it; or what is in a profile; with"
                + " a text, too, what shares are left out of it under that profile.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class InspectCommand implements Callable<Integer> {

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = "--profile", paramLabel = "FILE",
            description = "Show this profile, made by calibrate, instead of a model; settings choose what of it.")
    private Path profile;

    @ArgGroup
    private TextArguments text = new TextArguments();

    @Option(names = "--ctx", paramLabel = "N", defaultValue = "256",
            description = "Positions of a window of the text; its second half is looked at. Default: ${DEFAULT-VALUE}.")
    private int length;

    @Option(names = "--chunks", paramLabel = "N", defaultValue = "16",
            description = "Windows of the text to read at most. Default: ${DEFAULT-VALUE}.")
    private int chunks;

    @Option(names = "--json", description = "Print one object: file, metadata, tensors, types, operators.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    InspectCommand(Context context) {
        this.context = context;
    }

    ModelArguments model() {
        return model;
    }

    /** A file whose model cannot run here is still shown; then what is wrong with it is the error. */
    @Override
    public Integer call() {
        PrintStream out = context.streams().out();
        if (text.isGiven() && profile == null) {
            throw new UsageException("A text shows how a profile does on it: name one with --profile");
        }
        if (profile != null) {
            showProfile(out);
            return ExitCode.OK;
        }
        Map<String, Object> map = new LinkedHashMap<>();
        try (Gguf file = Gguf.open(model.path(context))) {
            FileListing listing = new FileListing(file);
            if (json) {
                listing.putInto(map);
            } else {
                listing.print(out);
                out.flush();
            }
        }
        try (Model open = model.open(context)) {
            OperatorListing listing = OperatorListing.of(open, model.preference(context));
            if (json) {
                listing.putInto(map);
            } else {
                listing.print(out);
            }
        } catch (RuntimeException e) {
            map.put("error", e.getMessage());
            throw e;
        } finally {
            if (json) {
                Json.print(out, map);
            }
        }
        return ExitCode.OK;
    }

    private void showProfile(PrintStream out) {
        CalibratableProvider provider = CalibratableProvider.choose(context, model.preference(context));
        Report report = provider.calibratable().describeProfile(profile, provider.settings(model.settings(context)));
        if (text.isGiven()) {
            List<Report.Table> tables = new ArrayList<>(report.tables());
            tables.add(achieved(provider));
            report = new Report(report.facts(), tables);
        }
        ReportListing listing = new ReportListing(report);
        if (json) {
            Json.print(out, listing.asMap());
        } else {
            listing.print(out);
        }
    }

    /** What a lineup with this profile leaves out of a text, operator by operator. */
    private Report.Table achieved(CalibratableProvider provider) {
        if (chunks < 1) {
            throw new UsageException("--chunks is " + chunks + "; give a number from 1");
        }
        String content = text.read(context.streams());
        model.set(provider.provider().id() + ".profile", profile.toString());
        List<List<Object>> rows = new ArrayList<>();
        try (Model open = model.open(context)) {
            Windows windows = Windows.ofText(open.tokenizer(), content, length, chunks);
            Lineup lineup = open.lineup(provider.provider().id());
            Perplexity.of(open, lineup, windows, new ConsoleProgress(context.streams()))
                    .scoredUsages()
                    .forEach((key, usage) -> rows.add(List.of(
                            (long) key.layer(),
                            key.kind().toString(),
                            lineup.assignments().get(key).how(),
                            usage.channels() == 0 ? Double.NaN : usage.sparsity())));
        }
        String title = "Shares left out of this text where it is written: of the second halves of windows of " + length
                + " tokens";
        return new Report.Table(title, List.of("layer", "operator", "asked", "achieved"), rows);
    }
}
