package dev.sparsellm.runtime.cli;

import dev.sparsellm.spi.Calibratable;
import dev.sparsellm.spi.OperatorProvider;
import dev.sparsellm.spi.ProviderException;
import dev.sparsellm.spi.Setting;
import dev.sparsellm.spi.Settings;
import dev.sparsellm.spi.support.ProviderCatalog.Found;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A provider that learns from text.
 *
 * @param provider the same as {@code calibratable}
 */
record CalibratableProvider(OperatorProvider provider, Calibratable calibratable) {

    /**
     * The first that a preference names, or the only one there is.
     *
     * @param preference as for {@code --provider}
     * @throws UsageException if that one is not there or does not learn, or there are several to choose from
     * @throws ProviderException if there is none
     */
    static CalibratableProvider choose(Context context, String preference) {
        List<CalibratableProvider> all = context.catalog().providers().stream()
                .map(Found::provider)
                .filter(Calibratable.class::isInstance)
                .map(provider -> new CalibratableProvider(provider, (Calibratable) provider))
                .toList();
        if (all.isEmpty()) {
            throw new ProviderException("No provider that is there learns from text; put the jar of the chess-plugin into the"
                    + " folder plugins");
        }
        List<String> named = List.of(preference.split("[,:]")).stream().map(String::strip).toList();
        Optional<CalibratableProvider> wanted =
                all.stream().filter(one -> named.contains(one.provider.id())).findFirst();
        String ids = String.join(", ", all.stream().map(one -> one.provider.id()).toList());
        if (wanted.isEmpty() && !preference.isBlank() && !named.contains("*")) {
            throw new UsageException("The provider '" + preference + "' is not there or does not learn from text; there is "
                    + ids);
        }
        if (wanted.isEmpty() && all.size() > 1) {
            throw new UsageException("Several providers learn from text, name one with --provider: " + ids);
        }
        return wanted.orElse(all.getFirst());
    }

    /** Those of the user's settings that are this provider's. */
    Settings settings(Map<String, String> all) {
        Map<String, String> own = new TreeMap<>(all);
        own.keySet().removeIf(key -> !key.startsWith(provider.id() + "."));
        return new Settings(provider.settings(), own);
    }

    /** How to say that a profile be used; empty if there is no setting for that. */
    String use(String profile) {
        String key = provider.id() + ".profile";
        return provider.settings().stream().map(Setting::key).anyMatch(key::equals) ? "-D" + key + "=" + profile : "";
    }
}
