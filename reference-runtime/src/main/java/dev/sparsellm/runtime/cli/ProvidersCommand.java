package dev.sparsellm.runtime.cli;

import dev.sparsellm.spi.Availability;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.support.ProviderCatalog.Found;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "providers",
        description = "Lists who can compute, and what may be tuned about them.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class ProvidersCommand implements Callable<Integer> {

    private final Context context;

    @Option(names = "--json", description = "Print {\"providers\":[...], \"broken\":[...]}.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    ProvidersCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        PrintStream out = context.streams().out();
        List<Found> providers = context.catalog().providers();
        List<String> broken = context.catalog().broken();
        if (json) {
            Json.print(out, Map.of("providers", providers.stream().map(this::asMap).toList(), "broken", broken));
            return ExitCode.OK;
        }
        providers.forEach(found -> print(found, out));
        if (!broken.isEmpty()) {
            out.println("Broken");
            broken.forEach(fault -> out.println("  " + fault));
        }
        return ExitCode.OK;
    }

    private void print(Found found, PrintStream out) {
        OperatorProvider provider = found.provider();
        String version = version(provider);
        out.println(provider.id() + (version.isEmpty() ? "" : " " + version)
                + (provider.description().isEmpty() ? "" : ": " + provider.description()));
        out.println("  from " + found.location());
        if (provider.availability() instanceof Availability.Unusable(String reason, String remedy)) {
            out.println("  not usable here: " + reason + (remedy.isEmpty() ? "" : "; " + remedy));
        }
        List<List<String>> rows = new ArrayList<>();
        for (Setting setting : provider.settings()) {
            rows.add(List.of(
                    "-D" + setting.key() + "=" + value(setting), setting.description() + " (" + setting.type().allowed() + ")"));
        }
        out.println(Listing.table("  ", rows));
    }

    private String value(Setting setting) {
        return context.properties().settings().getOrDefault(setting.key(), setting.defaultValue());
    }

    private static String version(OperatorProvider provider) {
        String version = provider.getClass().getPackage().getImplementationVersion();
        return version == null ? "" : version;
    }

    private Map<String, Object> asMap(Found found) {
        OperatorProvider provider = found.provider();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", provider.id());
        map.put("version", version(provider));
        map.put("description", provider.description());
        map.put("location", found.location());
        map.put("priority", provider.priority());
        switch (provider.availability()) {
            case Availability.Usable() -> map.put("usable", true);
            case Availability.Unusable(String reason, String remedy) -> {
                map.put("usable", false);
                map.put("reason", reason);
                map.put("remedy", remedy);
            }
        }
        map.put("settings", provider.settings().stream().map(this::asMap).toList());
        return map;
    }

    private Map<String, Object> asMap(Setting setting) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("key", setting.key());
        map.put("default", setting.defaultValue());
        map.put("value", value(setting));
        map.put("allowed", setting.type().allowed());
        map.put("description", setting.description());
        return map;
    }
}
