package dev.sparsellm.runtime.cli;

import dev.sparsellm.runtime.demo.DemoModel;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which model file. */
final class FileArgument {

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "GGUF file, of a split model the first part. Default: the demo model.")
    private Path model;

    /** @throws UsageException where none is named and none comes along */
    Path file(Context context) {
        if (model != null) {
            return model;
        }
        return context.properties().model().or(() -> DemoModel.locate(context.cacheDirectory())).orElseThrow(() ->
                new UsageException("Name a model with --model FILE.gguf; this build has no demo model"));
    }
}
