package dev.sparsellm.runtime.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "merge-profiles",
        description = "Joins profiles that were calibrated in shards into the one that a single run would have made.",
        sortOptions = false)
final class MergeProfilesCommand implements Callable<Integer> {

    private final Context context;

    @Parameters(arity = "2..*", paramLabel = "PROFILE", description = "Two or more, in any order.")
    private List<Path> profiles;

    @Option(names = {"-o", "--output"}, paramLabel = "PROFILE", required = true, description = "Where to write the whole.")
    private Path output;

    @Option(names = "--provider", paramLabel = "ID",
            description = "Whose profiles these are. Default: the one provider that learns from text.")
    private String provider = "";

    @Mixin
    private HelpOption help = new HelpOption();

    MergeProfilesCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        CalibratableProvider chosen = CalibratableProvider.choose(context, provider);
        chosen.calibratable().mergeProfiles(profiles, output);
        String use = chosen.use(output.toString());
        context.streams().note("wrote " + output + (use.isEmpty() ? "" : "; use it with " + use));
        return ExitCode.OK;
    }
}
