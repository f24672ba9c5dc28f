package dev.sparsellm.runtime.cli;

import dev.sparsellm.kernels.gguf.GgufException;
import dev.sparsellm.runtime.Model;
import dev.sparsellm.runtime.ModelOptions;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.support.ProviderCatalog;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** Which model, and who computes it how: the options of every command that opens one. */
final class ModelArguments {

    @Mixin
    private FileArgument file = new FileArgument();

    @Option(
            names = "--provider",
            paramLabel = "IDS",
            description = "Who computes, such as dense, or chess,dense; settings may follow:"
                    + " chess:sparsity=0.7. Default: all on the path, by priority.")
    private String provider;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "T",
            description = "Threads that compute. Default: one for each core.")
    private Integer threads;

    private final Map<String, String> settings = new HashMap<>();

    /** Adds an option {@code --id.key} for each setting of each provider. */
    void addSettings(CommandSpec command, ProviderCatalog catalog) {
        catalog.providers().forEach(found -> found.provider().settings().forEach(setting ->
                command.addOption(OptionSpec.builder("--" + setting.key())
                        .paramLabel("VALUE")
                        .type(String.class)
                        .description(describe(setting))
                        .setter(new SettingSetter(setting.key()))
                        .build())));
    }

    private static String describe(Setting setting) {
        // picocli reads % as a format.
        return (setting.description() + "; " + setting.type().allowed()
                        + (setting.defaultValue().isEmpty() ? "." : ". Default: " + setting.defaultValue() + "."))
                .replace("%", "%%");
    }

    private final class SettingSetter implements ISetter {

        private final String key;

        SettingSetter(String key) {
            this.key = key;
        }

        @Override
        public <T> T set(T value) {
            if (value != null) {
                settings.put(key, value.toString());
            }
            return value;
        }
    }

    /** Sets what the user could have set for a provider. */
    void set(String key, String value) {
        settings.put(key, value);
    }

    /** The model's file. */
    Path path(Context context) {
        return file.file(context);
    }

    /** Opens the model. */
    Model open(Context context) {
        if (threads != null && threads < 1) {
            throw new UsageException("--threads is " + threads + "; give a number from 1");
        }
        ModelOptions options = ModelOptions.defaults()
                .withThreads(threads != null ? threads : context.properties().threads())
                .withProviders(preference(context))
                .withSettings(settings(context))
                .withCacheDirectory(context.cacheDirectory())
                .withProgress(Settled.between(new ConsoleProgress(context.streams())))
                .withNotices(context.streams()::note);
        Path path = path(context);
        try {
            return Model.load(path, options);
        } catch (GgufException e) {
            // What is wrong with a model's metadata does not always say whose.
            throw e.getMessage().contains(path.getFileName().toString())
                    ? e
                    : new GgufException(path + ": " + e.getMessage(), e);
        }
    }

    /** What the user set for providers, by key. */
    Map<String, String> settings(Context context) {
        Map<String, String> all = new HashMap<>(context.properties().settings());
        all.putAll(settings);
        return all;
    }

    /** Whom the user prefers; empty for all by priority. */
    String preference(Context context) {
        return provider != null ? provider : context.properties().provider();
    }
}
