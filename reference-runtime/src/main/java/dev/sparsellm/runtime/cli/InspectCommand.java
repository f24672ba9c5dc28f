package dev.sparsellm.runtime.cli;

import dev.sparsellm.kernels.gguf.Gguf;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.spi.Report;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "inspect",
        description = "Shows what is in a model file, and who would compute which operator of it; or what is in a profile.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class InspectCommand implements Callable<Integer> {

    private final Context context;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Option(names = "--profile", paramLabel = "FILE",
            description = "Show this profile, made by calibrate, instead of a model; settings choose what of it.")
    private Path profile;

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
        ReportListing listing = new ReportListing(report);
        if (json) {
            Json.print(out, listing.asMap());
        } else {
            listing.print(out);
        }
    }
}
